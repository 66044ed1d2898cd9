-- Tracked columns: what their triggers do. The references of a row are made equal to what the row says now, whatever happened to
-- it and in which order: the triggers of one statement do not fire in the order of its changes, and an application's own
-- triggers change rows in between.

-- The file ids at a path of a jsonb column are texts; anything else there is a mistake of whoever wrote the row.
create function @schema@.tracked_json_file(tracked_id integer, owner_id text, item jsonb) returns uuid
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $body$
begin
  if jsonb_typeof(item) = 'null' then
    return null;
  end if;
  if jsonb_typeof(item) = 'string' and item #>> '{}' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return (item #>> '{}')::uuid;
  end if;
  perform @schema@.refuse_tracked_value(tracked_id, owner_id, left(item::text, 200), 'which is no file id');
end
$body$;


-- Says which column named what, in the fields where a foreign key would say it.
create function @schema@.refuse_tracked_value(tracked_id integer, owner_id text, value text, problem text) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $body$
declare
  tracked @schema@.tracked_columns;
begin
  select t.* into tracked from @schema@.tracked_columns t where t.id = tracked_id;
  raise exception using
    errcode    = 'foreign_key_violation',
    message    = format('%I.%I of row %s names %s, %s', tracked.table_name, tracked.column_name, owner_id, value, problem),
    detail     = format('The column %I.%I.%I is tracked: what it names must be a file.',
                        tracked.table_schema, tracked.table_name, tracked.column_name),
    hint       = 'Store the content first and write the id of the file that store() answers.',
    schema     = tracked.table_schema,
    table      = tracked.table_name,
    column     = tracked.column_name,
    constraint = 'file_registry_' || tracked_id;
end
$body$;


-- Refuses to act for a table that is not the tracked one: renamed since, with other columns, or somebody else's, whose column types
-- would bring code of his to run as the owner.
create function @schema@.refuse_tracking(tracked_id integer, relation regclass) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $body$
declare
  tracked @schema@.tracked_columns;
begin
  select t.* into tracked from @schema@.tracked_columns t where t.id = tracked_id;
  raise exception using
    errcode = 'object_not_in_prerequisite_state',
    message = format('table %s is not the one whose column %I was tracked as %I.%I', relation, tracked.column_name,
                     tracked.table_schema, tracked.table_name),
    hint    = 'After renaming or changing the table or its columns call untrackFileColumn, which keeps the references, and '
              'trackFileColumn again; where columns exchanged their names, trackFileColumn alone. On a detached partition drop '
              'the trigger.';
end
$body$;


-- Above READ COMMITTED the references of rows that were taken in after the snapshot cannot be seen, and so not be dropped. The time
-- is that of the trigger's function, which is never older than the snapshot: where another one is seen, tracking began since.
create function @schema@.require_taken_in(tracked_id integer, tracked_at timestamptz) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $body$
declare
  tracked @schema@.tracked_columns;
begin
  select t.* into tracked from @schema@.tracked_columns t where t.id = tracked_id;
  if tracked.taken_in_at is null or tracked.tracked_at is distinct from require_taken_in.tracked_at then
    raise exception using
      errcode = 'serialization_failure',
      message = 'the rows of a newly tracked column can be changed in READ COMMITTED only until they are taken in',
      hint    = 'Run the transaction again when trackFileColumn is through.';
  end if;
end
$body$;


-- Attaches files[i] to the row ids[i].
-- Locks: as attach_rows.
create function @schema@.hold_tracked(tracked_id integer, owner_type text, slot text, ids text[], files uuid[]) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $body$
declare
  length  integer[] := array[cardinality(ids)];
  outcome json;
begin
  outcome := @schema@.attach_rows(files, array_fill(owner_type, length), ids, array_fill(slot, length));
  if outcome -> 'attached' is null then
    perform @schema@.refuse_tracked_value(
              tracked_id, ids[n], files[n]::text,
              case when outcome -> 'condemned' ->> 0 = files[n]::text
                   then 'which is deleted already'
                   else 'which is no file' end)
       from generate_subscripts(files, 1) n
      where files[n]::text in (outcome -> 'missing' ->> 0, outcome -> 'condemned' ->> 0)
      limit 1;
  end if;
end
$body$;


-- The rows of the table were emptied in one go: all of their references go. Partitions that are truncated by themselves say
-- which rows they hold.
-- Locks: the references, until the caller's transaction ends; TRUNCATE lets nobody else write the rows meanwhile. It empties also of
-- rows that an old snapshot does not show, hence READ COMMITTED.
create function @schema@.release_truncated() returns trigger
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set row_security = off
as $body$
declare
  registry constant text := $code$@schema@$code$;
  tracked  @schema@.tracked_columns;
begin
  perform @schema@.require_fresh_snapshot('a tracked table can be truncated');
  select t.* into tracked from @schema@.tracked_columns t where t.id = tg_argv[0]::integer;

  if tracked.relation = tg_relid then
    delete from @schema@.file_references r
     where r.owner_type = tracked.owner_type
       and r.slot       = tracked.slot;
  elsif tracked.relation in (select pg_partition_ancestors(tg_relid)) then
    execute format('delete from %s.file_references r using (select %s as owner_id from %s t) gone
                     where r.owner_type = %L and r.owner_id = gone.owner_id and r.slot = %L',
                   registry, @schema@.tracked_owner_id(tracked.relation, tracked.id_columns, 't'), tg_relid::regclass,
                   tracked.owner_type, tracked.slot);
  else
    perform @schema@.refuse_tracking(tracked.id, tg_relid);
  end if;
  return null;
end
$body$;


-- The id columns of a relation with the types below their domains.
create function @schema@.tracked_id_columns(relation regclass, id_columns name[])
  returns table (name name, ordinal bigint, type oid)
  language sql stable set search_path = pg_catalog, pg_temp
as $body$
  with recursive types (name, ordinal, type) as (
    select c.name, c.ordinal, a.atttypid
      from unnest(id_columns) with ordinality as c(name, ordinal)
      join pg_attribute a on a.attrelid = tracked_id_columns.relation and a.attname = c.name and not a.attisdropped
     union all
    select b.name, b.ordinal, t.typbasetype
      from types b
      join pg_type t on t.oid = b.type and t.typtype = 'd'
  )
  select b.name, b.ordinal, b.type
    from types b
    join pg_type t on t.oid = b.type and t.typtype <> 'd'
$body$;


-- SQL for the id of a row as an owner's id, over an alias of the table. One column gives its text, several the JSON array of their
-- texts without whitespace. Texts are those that no setting changes: dates and times are written as ISO 8601, in UTC.
create function @schema@.tracked_owner_id(relation regclass, id_columns name[], alias text) returns text
  language sql stable set search_path = pg_catalog, pg_temp
as $body$
  select format('(%s) collate "C"',
                case
                  when count(*) = 1 then min(p.sql)
                  else format('''['' || %s || '']''', string_agg(format('to_json(%s)::text', p.sql), ' || '','' || ' order by p.ordinal))
                end)
    from (select i.ordinal,
                 case
                   when t.template is null then format('concat(%s.%I)', alias, i.name)
                   else replace('coalesce(' || t.template || ' || case when $ < ''0001-01-01'' then '' BC'' else '''' end, $::text)',
                                '$', format('%s.%I', alias, i.name))
                 end as sql
            from @schema@.tracked_id_columns(tracked_owner_id.relation, id_columns) i
            left join (values
                   ('timestamptz'::regtype, 'to_char($ at time zone ''UTC'', ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'')'),
                   ('timestamp'::regtype,   'to_char($, ''YYYY-MM-DD"T"HH24:MI:SS.US'')'),
                   ('date'::regtype,        'to_char($, ''YYYY-MM-DD'')')) as t(type, template) on t.type = i.type) p
$body$;


-- SQL for what the rows of a source hold now: one line { owner_id, file_id } for each file that a row names, and one with a null for
-- a row that names none, is not covered by the condition, or is gone. The source has the id columns. Each row is looked up by
-- its key, in a subquery that the planner cannot turn round: a plan made for a few rows and one made for many would serve both.
-- Values that are equal but have different texts (1.0 and 1.00, 'a' and 'A' in some collations) are different ids.
create function @schema@.tracked_select(tracked @schema@.tracked_columns, source text) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $body$
declare
  registry    constant text := $code$@schema@$code$;
  owner_id    text := @schema@.tracked_owner_id(tracked.relation, tracked.id_columns, 'c');
  column_type oid;
  partitioned boolean;
  same_row    text;
  files       text;
begin
  select a.atttypid into strict column_type
    from pg_attribute a
   where a.attrelid = tracked.relation and a.attname = tracked.column_name and not a.attisdropped;
  select c.relkind = 'p' into strict partitioned from pg_class c where c.oid = tracked.relation;
  select string_agg(format(case
                             when i.type in ('numeric'::regtype, 'text'::regtype, 'varchar'::regtype, 'char'::regtype)
                             then 't.%1$I = c.%1$I and row(t.%1$I)::record *= row(c.%1$I)::record'
                             else 't.%1$I = c.%1$I'
                           end, i.name), ' and ')
    into same_row
    from @schema@.tracked_id_columns(tracked.relation, tracked.id_columns) i;

  files := case
             when tracked.path is not null then
               format('left join lateral (select %s.tracked_json_file(%s, %s, j.item) as file_id
                                from jsonb_path_query(t.%I, %L) as j(item)) f on f.file_id is not null',
                      registry, tracked.id, owner_id, tracked.column_name, tracked.path)
             when column_type = 'uuid[]'::regtype then
               format('left join lateral unnest(t.%I) as f(file_id) on f.file_id is not null', tracked.column_name)
             else
               format('left join lateral (select t.%I) as f(file_id) on f.file_id is not null', tracked.column_name)
           end;

  return format(
    'select %s as owner_id, f.file_id
       from %s c
       left join lateral (
            select t.*
              from (select * from %s %s%s) t
             where %s
            offset 0) t on true
       %s
      order by 1',
    owner_id, source, case when partitioned then '' else 'only' end,
    format('%I.%I', tracked.table_schema, tracked.table_name),
    case when tracked.condition is null then '' else format(e' where (%s\n)', tracked.condition) end,
    same_row, files);
end
$body$;


-- Two registries may track one table, so the names of triggers tell whose they are.
create function @schema@.tracking_trigger(tracked_id integer, event text) returns name
  language sql immutable set search_path = pg_catalog, pg_temp
as $body$
  select format('file_registry_%s%s_%s',
                case when r.name <> '"file_registry"' then left(md5(r.name), 8) || '_' else '' end, tracked_id, event)
    from (values ($code$@schema@$code$)) as r(name)
$body$;


-- The columns that the trigger for updates looks at, by their names of now, or null where there is none: PostgreSQL records what a
-- trigger's condition depends on, and a dump does as well.
create function @schema@.watched_now(tracked @schema@.tracked_columns) returns name[]
  language sql stable set search_path = pg_catalog, pg_temp
as $body$
  select array_agg(a.attname order by a.attname)
    from pg_trigger u
    join pg_depend d on d.classid = 'pg_trigger'::regclass and d.objid = u.oid
    join pg_attribute a on a.attrelid = u.tgrelid and a.attnum = d.refobjsubid
   where u.tgrelid = tracked.relation
     and u.tgname = @schema@.tracking_trigger(tracked.id, 'update')
     and d.refclassid = 'pg_class'::regclass
     and d.refobjid = u.tgrelid
$body$;


create function @schema@.watches_its_columns(tracked_id integer) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
as $body$
  select count(*) > 0
    from @schema@.tracked_columns t
   where t.id = tracked_id
     and t.watched = @schema@.watched_now(t)
$body$;


-- Writes the trigger function of a tracked column, once for statements and once for rows. It runs as the owner of the schema, so
-- that the application's role needs no right on the registry. Rows are looked up by their key even where the plan was made while
-- the table was small: read whole for each row of a large statement, it took minutes. A row that row-level security would hide is an
-- error, not a row that is gone. A chunk ends where an owner ends: a slot is compared whole. The columns must have the types that they
-- had when the function was written: another type could bring casts and operators of the table's owner to run as this function's.
-- They must also be those that the trigger for updates looks at: it follows a column that is renamed, and the function reads names.
-- They are where they have not moved in the relation; only where a dump was restored, PostgreSQL is asked for what it recorded.
create function @schema@.write_tracking_function(tracked @schema@.tracked_columns, for_each text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $body$
declare
  registry constant text := $code$@schema@$code$;
  source   text := 'changed';
  types    text;
  places   text;
begin
  if for_each = 'row' then
    source := format('(select %s where tg_op <> ''INSERT'' union all
                       select %s where tg_op = ''INSERT'' or tg_op = ''UPDATE'' and row(%s)::record *<> row(%s)::record)',
                     (select string_agg(format('old.%1$I as %1$I', n), ', ') from unnest(tracked.id_columns) n),
                     (select string_agg(format('new.%1$I', n), ', ') from unnest(tracked.id_columns) n),
                     (select string_agg(format('old.%1$I', n), ', ') from unnest(tracked.id_columns) n),
                     (select string_agg(format('new.%1$I', n), ', ') from unnest(tracked.id_columns) n));
  end if;
  select string_agg(format(case when t.typnamespace = 'pg_catalog'::regnamespace then '(%L, %s)' else '(%L, to_regtype(%3$L))' end,
                           a.attname, t.oid, format_type(t.oid, null)), ', ' order by a.attnum),
         string_agg(format('(%s, %L, %s)', a.attrelid::oid, a.attname, a.attnum), ', ' order by a.attnum)
    into strict types, places
    from pg_attribute a
    join pg_type t on t.oid = a.atttypid
   where a.attrelid = tracked.relation and a.attname = any(tracked.watched) and not a.attisdropped;

  execute format($code$
create or replace function %3$s.%1$I() returns trigger
  language plpgsql volatile security definer
  set search_path = pg_catalog, pg_temp set row_security = off set enable_seqscan = off
as %2$L
$code$,
    format('tracked_%s_%s', tracked.id, for_each),
    format($code$
#variable_conflict use_column
declare
  ids        text[]  := '{}';
  held_ids   text[]  := '{}';
  held_files uuid[]  := '{}';
  previous   text;
  line       record;
  known      integer;
  unmoved    integer;
begin
  if to_regclass(%1$L) is distinct from coalesce(%2$s, tg_relid) then
    perform %7$s.refuse_tracking(%3$s, tg_relid);
  end if;
  select count(*), count(*) filter (where (a.attrelid, a.attname, a.attnum) in (%11$s)) into known, unmoved
    from pg_attribute a
   where a.attrelid = to_regclass(%1$L)
     and a.attname = any(%8$L)
     and (a.attname, a.atttypid) in (%9$s);
  if known <> cardinality(%8$L::name[]) or known <> unmoved and not %7$s.watches_its_columns(%3$s) then
    perform %7$s.refuse_tracking(%3$s, tg_relid);
  end if;
  if tg_op <> 'INSERT' and current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    perform %7$s.require_taken_in(%3$s, %10$L);
  end if;

  for line in
    %4$s
  loop
    if line.owner_id is distinct from previous then
      if cardinality(ids) + cardinality(held_ids) >= 10000 then
        if held_ids <> '{}' then
          perform %7$s.hold_tracked(%3$s, %5$L, %6$L, held_ids, held_files);
        end if;
        if tg_op <> 'INSERT' then
          perform %7$s.drop_surplus(%5$L, %6$L, ids, held_ids, held_files);
        end if;
        ids := '{}'; held_ids := '{}'; held_files := '{}';
      end if;
      previous := line.owner_id;
      ids := ids || previous;
    end if;
    if line.file_id is not null then
      held_ids := held_ids || previous;
      held_files := held_files || line.file_id;
    end if;
  end loop;

  if held_ids <> '{}' then
    perform %7$s.hold_tracked(%3$s, %5$L, %6$L, held_ids, held_files);
  end if;
  if tg_op <> 'INSERT' and ids <> '{}' then
    perform %7$s.drop_surplus(%5$L, %6$L, ids, held_ids, held_files);
  end if;
  return null;
end
$code$,
      format('%I.%I', tracked.table_schema, tracked.table_name),
      case when for_each = 'row' then 'pg_partition_root(tg_relid)' else 'null::regclass' end,
      tracked.id,
      @schema@.tracked_select(tracked, source),
      tracked.owner_type,
      tracked.slot,
      registry,
      tracked.watched,
      types,
      to_char(tracked.tracked_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US"Z"'),
      places),
    registry);
end
$body$;
