-- Nobody but the owner calls the functions unless it is granted: USAGE on the schema and EXECUTE on its functions. PostgreSQL
-- grants new functions to everybody, so every later migration ends with the same two statements.
revoke execute on all functions in schema @schema@ from public;

-- Checks and index predicates run as whoever writes the table.
grant execute on function @schema@.is_generated_key(uuid, text) to public;
