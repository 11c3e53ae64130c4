"""The map of a journey, read from its source: waits, sleeps, steps, branches and ends.

`read` makes an `Outline` of a workflow without running it; `draw` makes rows of text of it,
`mermaid`, `svg` and `as_json` other forms. Counts are joined to it by `counts`.
"""
