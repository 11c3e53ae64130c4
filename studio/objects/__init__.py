"""Events of users, and stores as a whole, in an object store: S3 and its like, or any client of one's own."""
