"""Reading a function: what it waits for and does, helpers in place, nothing guessed."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest

from studio import workflow
from studio.design.outline.flow_reader import read, read_source
from studio.design.outline.model import Node, Outline
from studio.errors import WorkflowError
from studio.source import loader
from tests.design.outline.support import body, outline, told

ROOT = Path(__file__).parents[3]


def one(found: Outline, kind: str) -> Node:
    """The only node of a kind."""
    (node,) = [node for node in found.walk() if node.kind == kind]
    return node


def test_a_wait_is_told_with_what_it_was_given() -> None:
    node = one(body('await journey.wait_for("a", {"x": 1}, "2d", past=False, id="w")'), "wait")
    assert (node.text, node.name, node.place) == ("a", "a", "flow.py:2")
    assert dict(node.details) == {"timeout": "2d", "match": "x=1", "past": "False", "id": "w"}
    assert (node.span.line, node.span.end_line, node.span.col) == (2, 2, 10)


def test_several_events_are_named_as_the_engine_names_them() -> None:
    assert one(body('await journey.wait_for(["a/*", "b"])'), "wait").name == "a/*, b"


def test_what_is_computed_is_shown_as_written() -> None:
    found = body(
        """
        await journey.wait_for(f"order/{order}", match=rules(1), timeout="1d" if slow else FAST)
        await journey.wait_for(NAME, *args, **more)
        """
    )
    first, second = [node for node in found.walk() if node.kind == "wait"]
    assert (first.text, first.name) == ('f"order/{order}"', None)
    assert dict(first.details) == {"timeout": '"1d" if slow else FAST', "match": "rules(1)"}
    assert (second.text, second.name) == ("NAME", None)
    assert second.details == (("", "*args"), ("", "**more"))


def test_everything_that_a_journey_says_and_does_is_there() -> None:
    found = body(
        """
        journey.log("hi", name, level="warning")
        print(f"{name} says {1 + 1}")
        journey.note("there")
        seen = journey.events("app/*", match={"a": 1})
        await journey.sleep("1h")
        await journey.step("send", lambda: mail(1), 1, 2, retries=3, once=True)
        await journey.step("part", functools.partial(mail, 1))
        await journey.ingest("done", {"b": 2}, user="x")
        await journey.new_pass()
        journey.log("never reached")
        """
    )
    assert told(found) == [
        'log "hi" name',
        'log "{name} says {1 + 1}"',
        'note "there"',
        "events app/*",
        "sleep 1h",
        "step send",
        "step part",
        "ingest done",
        "new_pass",
    ]
    send, part = [node for node in found.walk() if node.kind == "step"]
    assert dict(send.details) == {"function": "lambda: mail(1)", "retries": "3", "once": "True"}
    assert part.detail("function") == "functools.partial(mail, 1)"


def test_logging_counts_as_saying_and_a_print_of_ones_own_does_not() -> None:
    found = outline(
        """
        import logging

        log = logging.getLogger(__name__)

        def print(what): ...

        async def flow(journey):
            log.error("bad")
            logging.info("so")
            print("not said")
        """
    )
    assert told(found) == ['log "bad"', 'log "so"', "return"]


def test_a_condition_is_linked_to_the_wait_that_it_tests() -> None:
    tests = {
        "x": ("matched", "timed out"),
        "not x": ("timed out", "matched"),
        "x.timed_out": ("timed out", "matched"),
        "not x.result": ("timed out", "matched"),
        "x.first is None": ("timed out", "matched"),
        "x.first is not None": ("matched", "timed out"),
        "len(x)": ("matched", "timed out"),
        "len(x) > 3": ("", ""),
        "other": ("", ""),
    }
    for test, roles in tests.items():
        found = body(f'x = await journey.wait_for("a", timeout="1d")\nif {test}:\n    print(1)')
        branch = one(found, "branch")
        assert tuple(side.role for side in branch.sides) == roles, test
        waits = {side.waits for side in branch.sides}
        assert waits == {(one(found, "wait").id,) if roles[0] else ()}, test


def test_a_wait_in_the_condition_itself_is_linked() -> None:
    for test in (
        'if not await journey.wait_for("a"):',
        'if not (x := await journey.wait_for("a")):',
        'if (await journey.wait_for("a")).timed_out:',
    ):
        sides = one(body(f"{test}\n    return"), "branch").sides
        assert [side.role for side in sides] == ["timed out", "matched"], test


def test_a_name_that_takes_another_value_is_linked_no_more() -> None:
    found = body('x = await journey.wait_for("a")\nx = 1\nif x:\n    print(1)')
    assert [side.role for side in one(found, "branch").sides] == ["", ""]


def test_a_name_that_may_be_either_wait_is_linked_to_both() -> None:
    found = body(
        """
        paid = await journey.wait_for("paid", timeout="1d")
        if not paid:
            paid = await journey.wait_for("paid", timeout="3d")
        if paid:
            return 1
        """
    )
    last = [node for node in found.walk() if node.kind == "branch"][-1]
    assert last.sides[0].waits == ("flow.py:2 wait", "flow.py:4 wait")


def test_results_of_a_group_are_linked_to_its_members() -> None:
    found = body(
        """
        paid, left = await journey.wait_any(
            journey.wait_for("paid"), journey.wait_for("left"), journey.sleep("1h"), timeout="7d"
        )
        if paid:
            return 1
        elif left:
            return 2
        """
    )
    group = one(found, "any")
    assert group.name == "wait_any"
    assert [side.body[0].text for side in group.sides] == ["paid", "left", "1h"]
    sides = one(found, "branch").sides
    assert [(side.text, side.role, side.waits) for side in sides] == [
        ("if paid", "matched", ("flow.py:3 wait",)),
        ("elif left", "matched", ("flow.py:3 wait 2",)),
        ("else", "", ()),
    ]
    assert [side.written for side in sides] == [True, True, False]


def test_waits_from_a_comprehension_stand_in_their_group() -> None:
    found = body('await journey.wait_all(*[journey.wait_for(e) for e in names if e], timeout="1d")')
    assert told(found) == [
        "all",
        "  member",
        "    loop for e in names if e",
        "      body",
        "        wait e",
        "return",
    ]
    assert one(found, "all").details == (("timeout", "1d"),)


def test_members_after_several_are_members_too() -> None:
    found = body(
        """
        a, b, c = await journey.wait_any(journey.wait_for("a"), *more, journey.wait_for("c"))
        if a:
            return 1
        if c:
            return 2
        """
    )
    assert [side.body[0].text for side in one(found, "any").sides] == ["a", "*more", "c"]
    first, last = [node for node in found.walk() if node.kind == "branch"]
    assert (first.sides[0].role, last.sides[0].role) == ("matched", "")


def test_modules_that_import_from_each_other_are_no_trap() -> None:
    found = outline(
        "from near import ask\n\nasync def flow(journey):\n    await ask(journey)\n",
        others={"near": "from far import ask", "far": "from near import ask"},
    )
    assert told(found)[0] == "await ask(journey)"


def test_a_command_happens_where_it_is_awaited() -> None:
    found = body(
        """
        first = journey.wait_for("a")
        print("made")
        got = await first
        again = await first
        if got:
            return 1
        """
    )
    assert told(found)[:2] == ['log "made"', "wait a"]
    assert [node.kind for node in found.walk()].count("wait") == 1
    assert one(found, "branch").sides[0].role == "matched"


def test_what_a_method_is_called_by_does_not_matter() -> None:
    found = body(
        """
        me = journey
        wait = me.wait_for
        got = await wait("a")
        if got:
            return 1
        """
    )
    assert one(found, "wait").place == "flow.py:4"
    assert one(found, "branch").sides[0].role == "matched"


def test_helpers_stand_in_place_with_their_own_lines() -> None:
    found = outline(
        """
        import more
        from more import ask as question, Flow
        from .near import later

        async def inside(journey, name):
            return await journey.wait_for(name)

        def command(j):
            return j.wait_for("given")

        async def flow(journey):
            async def closure(name):
                return await journey.wait_for(name)

            got = await inside(journey, "x")
            if not got:
                return
            await closure("y")
            await command(journey)
            await question(journey)
            await more.ask(journey)
            await Flow(journey).run()
            await later(journey)
        """,
        others={
            "more": """
            from near import later

            class Base:
                async def run(self):
                    await self.journey.sleep("1d")

            class Flow(Base):
                def __init__(self, journey):
                    self.journey = journey

            async def ask(journey):
                await later(journey)
            """,
            "near": """
            async def later(who):
                await who.sleep("2d")
            """,
        },
    )
    assert [f"{node.place} {node.kind} {node.text}".rstrip() for node in found.walk()][1:-1] == [
        "flow.py:16 call inside",
        "flow.py:7 wait name",
        "flow.py:17 branch not got",
        "flow.py:18 return",
        "flow.py:19 call closure",
        "flow.py:14 wait name",
        "flow.py:10 wait given",
        "flow.py:21 call ask",
        "more.py:13 call later",
        "near.py:3 sleep 2d",
        "flow.py:22 call ask",
        "more.py:13 call later",
        "near.py:3 sleep 2d",
        "flow.py:23 call run",
        "more.py:6 sleep 1d",
        "flow.py:24 call later",
        "near.py:3 sleep 2d",
    ]
    assert [side.role for side in one(found, "branch").sides] == ["timed out", "matched"]
    assert len({node.id for node in found.walk()}) == len(list(found.walk()))


def test_a_group_in_a_helper_is_linked_from_outside() -> None:
    found = outline(
        """
        async def first_of(journey, a, b):
            return await journey.wait_any(journey.wait_for(a), journey.wait_for(b))

        async def flow(journey):
            paid, left = await first_of(journey, "paid", "left")
            if left:
                return 1
        """
    )
    assert one(found, "branch").sides[0].waits == ("flow.py:3 wait 2",)


def test_recursion_is_cut_and_so_are_maps_without_end() -> None:
    found = outline("async def flow(journey):\n    await journey.sleep('1d')\n    await flow(journey)\n")
    assert one(found, "call").details == (("again", "it calls itself"),)
    many = "".join(f"async def f{n}(j):\n    await f{n + 1}(j)\n    await f{n + 1}(j)\n" for n in range(30))
    found = outline(
        f"{many}async def f30(j):\n    await j.sleep('1d')\nasync def flow(j):\n    await f0(j)\n"
    )
    assert found.cut
    assert 3_000 < len(list(found.walk())) < 4_000


def test_an_await_that_cannot_be_read_is_shown_as_written() -> None:
    found = body("await asyncio.sleep(1)\nawait made[0]")
    assert told(found)[:2] == ["await asyncio.sleep(1)", "await made[0]"]


def test_loops_are_left_and_gone_round() -> None:
    found = body(
        """
        for n in range(3):
            got = await journey.wait_for("a", timeout="1d")
            if got:
                break
            if n:
                continue
            print(n)
        else:
            return 1
        while True:
            await journey.sleep("1d")
        print("never")
        """
    )
    assert told(found) == [
        "loop for n in range(3)",
        "  body",
        "    wait a",
        "    branch got",
        "      if got [matched]",
        "        leave",
        "    branch n",
        "      if n",
        "        again",
        "    log n",
        "  else, without break",
        "    return 1",
        "loop while True",
        "  body",
        "    sleep 1d",
    ]
    assert found.nodes[-1].ends
    assert not found.nodes[1].ends


def test_a_loop_whose_condition_waits_asks_again_each_round() -> None:
    found = body('while not await journey.wait_for("tick", timeout="1h"):\n    print("no")')
    assert told(found)[:-1] == [
        "loop while True",
        "  body",
        "    wait tick",
        '    branch not (not await journey.wait_for("tick", timeout="1h"))',
        '      if not (not await journey.wait_for("tick", timeout="1h")) [matched]',
        "        leave",
        '    log "no"',
    ]


def test_try_except_else_finally() -> None:
    found = body(
        """
        try:
            await journey.step("charge", charge)
        except StepFailed as error:
            raise RuntimeError("no") from error
        except (KeyError, ValueError):
            return
        else:
            print("charged")
        finally:
            print("tried")
        """
    )
    assert told(found)[:-1] == [
        "try try",
        "  body",
        "    step charge",
        "  except StepFailed as error",
        '    raise RuntimeError("no") from error',
        "  except (KeyError, ValueError)",
        "    return",
        "  else",
        '    log "charged"',
        "  finally",
        '    log "tried"',
    ]
    assert [side.ends for side in found.nodes[1].sides] == [False, True, True, False, False]


def test_match_statements() -> None:
    found = body(
        """
        match journey.user["plan"]:
            case "pro" if paid:
                await journey.sleep("1d")
            case _:
                return None
        """
    )
    assert told(found)[:-1] == [
        'branch match journey.user["plan"]',
        '  case "pro" if paid',
        "    sleep 1d",
        "  case _",
        "    return None",
    ]


def test_expressions_that_wait_on_one_side_only_are_branches() -> None:
    found = body(
        """
        a = (await journey.wait_for("a")) if x else None
        b = (await journey.wait_for("b", timeout="1d")) or (await journey.wait_for("c"))
        got = [await journey.wait_for(n) for n in "de"]
        z = await (journey.wait_for("l") if b else journey.wait_for("r"))
        """
    )
    assert told(found)[:-1] == [
        "branch x",
        "  if x",
        "    wait a",
        "  else",
        "wait b",
        'branch await journey.wait_for("b", timeout="1d")',
        '  if not await journey.wait_for("b", timeout="1d") [timed out]',
        "    wait c",
        'loop for n in "de"',
        "  body",
        "    wait n",
        "branch b",
        "  if b [matched]",
        "    wait l",
        "  else [timed out]",
        "    wait r",
    ]


def test_a_context_manager_of_ones_own_stands_around_what_is_in_it() -> None:
    found = outline(
        """
        @asynccontextmanager
        async def guard(journey):
            await journey.step("lock", lock)
            yield
            await journey.step("unlock", unlock)

        async def flow(journey):
            async with guard(journey) as it:
                await journey.wait_for("a")
            async with other():
                await journey.wait_for("b")
        """
    )
    assert told(found)[:-1] == [
        "call guard",
        "  body",
        "    step lock",
        "    with async with guard(journey) as it",
        "      body",
        "        wait a",
        "    step unlock",
        "with async with other()",
        "  body",
        "    wait b",
    ]


def test_what_a_return_means_is_told_only_when_it_is_plain() -> None:
    outcomes = {
        "return": "pass",
        "return None": "pass",
        'return await journey.ingest("x")': "pass",
        'return await journey.sleep("1d")': "pass",
        'return journey.log("x")': "pass",
        'return {"ok": True}': "completed",
        "return 0": "completed",
        "return result": "unclear",
        "return await helper(journey)": "unclear",
    }
    for text, outcome in outcomes.items():
        assert body(text).nodes[-1].outcome == outcome, text
    end = body('await journey.sleep("1d")').nodes[-1]
    assert (end.kind, end.outcome, end.line) == ("return", "pass", 2)


def test_a_function_that_only_raises_or_loops_has_no_other_end() -> None:
    assert told(body("if x:\n    raise A\nelse:\n    raise B")) == [
        "branch x",
        "  if x",
        "    raise A",
        "  else",
        "    raise B",
    ]


def test_a_line_finds_its_node_and_an_entry_finds_its_nodes() -> None:
    found = body(
        """
        await journey.wait_any(
            journey.wait_for("p"), journey.wait_for("q"),
        )
        await journey.wait_for(f"x/{y}")
        """
    )
    at = found.at_line("flow.py", 3)
    assert at is not None
    assert at.text == "p"
    assert [node.text for node in found.entry_nodes("flow.py:3", "wait.matched", "q")] == ["q"]
    assert [node.kind for node in found.entry_nodes("flow.py:2", "wait.timeout", "wait_any")] == ["any"]
    assert [node.text for node in found.entry_nodes("flow.py:5", "wait.opened", "x/7")] == ['f"x/{y}"']
    assert found.entry_nodes("flow.py:5", "sleep.opened", None) == []
    assert found.node(at.id) is at


def traced(function: Any) -> Any:
    @functools.wraps(function)
    async def inner(*args: Any) -> Any:
        return await function(*args)

    return inner


def introduced(function: Any) -> Any:
    async def inner(journey: Any) -> Any:
        await journey.sleep("1d")
        return await function(journey)

    return inner


@workflow(trigger=["x/*", "y"], key="k", again=True, exit_on="gone")
@traced
@introduced
async def decorated(journey: Any) -> None:
    await journey.wait_for("hello")


def test_decorators_are_read_as_the_helpers_they_are() -> None:
    found = read(decorated)
    assert [node.text for node in found.walk() if node.kind in ("sleep", "wait")] == ["1d", "hello"]
    assert found.nodes[0].text == "x/*, y"
    assert dict(found.nodes[0].details) == {"key": "k", "again": "True", "exit_on": "gone"}


def test_what_starts_it_is_read_from_the_decorator_when_there_is_only_source() -> None:
    source = '@studio.workflow(trigger=START, exit_on="gone")\nasync def flow(journey):\n    pass\n'
    start = read_source(source, "flow").nodes[0]
    assert (start.text, start.details) == ("START", (("exit_on", "gone"),))


def test_three_hundred_nodes_are_read_at_once_and_in_order() -> None:
    found = body("\n".join(f'await journey.wait_for("e{n}", timeout="1d")' for n in range(300)))
    assert [node.text for node in found.nodes[1:-1]] == [f"e{n}" for n in range(300)]


def test_refusals_name_the_file() -> None:
    with pytest.raises(WorkflowError, match=r"flow\.py:2: SyntaxError"):
        outline("async def flow(journey):\n    if\n")
    with pytest.raises(WorkflowError, match=r"flow\.py: there is no function 'other'"):
        outline("async def flow(journey): ...\n", "other")
    deep = "not " * 20_000
    with pytest.raises(WorkflowError, match=r"cannot be read|too deeply|SyntaxError"):
        outline(f"async def flow(journey):\n    if {deep}x:\n        return 1\n")


def test_a_file_that_cannot_be_found_or_parsed_is_no_obstacle() -> None:
    found = outline(
        "from broken import ask\nfrom gone import it\nasync def flow(journey):\n"
        "    await ask(journey)\n    await it(journey)\n",
        others={"broken": "def ("},
    )
    assert told(found)[:2] == ["await ask(journey)", "await it(journey)"]


def test_helpers_beside_a_loaded_workflow_are_found(tmp_path: Path) -> None:
    (tmp_path / "_asking.py").write_text("async def ask(journey):\n    await journey.wait_for('asked')\n")
    (tmp_path / "one.py").write_text(
        "from _asking import ask\nfrom studio import workflow\n\n\n"
        "@workflow\nasync def one(journey):\n    await ask(journey)\n"
    )
    found = read(loader.load(tmp_path).workflows["one"])
    assert [(node.place, node.text) for node in found.walk() if node.kind == "wait"] == [
        ("_asking.py:2", "asked")
    ]
    assert found.node("_asking.py:2 wait") is not None


def test_the_examples_are_read_without_anything_unclear() -> None:
    for name, each in loader.load(ROOT / "workflows").workflows.items():
        found = read(each)
        assert [node.text for node in found.walk() if node.kind == "await"] == [], name
        assert {node.outcome for node in found.walk() if node.kind == "return"} <= {"pass", "completed"}


def test_a_wait_for_the_type_of_an_event_is_one_for_its_name() -> None:
    source = """
        from dataclasses import dataclass
        from studio import event
        from types_of import Login
        import types_of

        @event("billing/paid")
        @dataclass
        class Paid:
            amount: int

        async def flow(journey):
            await journey.wait_for(Paid, timeout="1d")
            await journey.wait_for([Login, "app/x"])
            await journey.collect(event=types_of.Login, quiet="1m")
            await journey.wait_for(Unknown)
    """
    others = {"types_of": "@studio.event('app/login')\nclass Login: pass\n"}
    found = outline(source, others=others)
    waits = [(node.text, node.name) for node in found.nodes if node.kind == "wait"]
    assert waits == [
        ("billing/paid", "billing/paid"),
        ("app/login, app/x", "app/login, app/x"),
        ("app/login", "app/login"),
        ("Unknown", None),
    ]
