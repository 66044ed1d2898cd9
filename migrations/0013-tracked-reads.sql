-- Tracked columns: taking in the rows that were there before, ending, listing.

-- Takes in the next page of the rows that were there before the column was tracked, in the order of their ids, and remembers how far
-- it came. again starts from the first row, after triggers were switched off, and drops what owners hold that no row is. Answers
-- { "rows", "complete" }.
-- Locks: with again, SHARE ROW EXCLUSIVE on the table; the tracked column's row, so that one page is taken in at a time; SHARE on the
-- rows of the page, so that what they say is what is attached. All until the transaction ends.
create function @schema@.take_in_rows(tracked_id integer, page_size integer, again boolean) returns json
  language plpgsql volatile set search_path = pg_catalog, pg_temp set row_security = off set datestyle = 'ISO, YMD'
as $body$
declare
  tracked  @schema@.tracked_columns;
  source   text;
  columns  text;
  backward text;
  typed    text;
  ids      text;
  behind   text := 'true';
  page     record;
  locked   json;
  lines    record;
begin
  perform @schema@.require_fresh_snapshot('rows can be taken in');
  if again then
    execute (select format('lock table %s in share row exclusive mode', t.relation)
               from @schema@.tracked_columns t where t.id = tracked_id);
  end if;
  select t.* into tracked from @schema@.tracked_columns t where t.id = tracked_id and not t.releasing for update;
  if not found then
    perform @schema@.refuse_to_track('the column is tracked no longer', 'Somebody called untrackFileColumn; track it again.');
  end if;
  if again then
    -- Old snapshots know another time than the functions, and are refused.
    update @schema@.tracked_columns t
       set tracked_at = clock_timestamp(), taken_in_to = null, taken_in_at = null
     where t.id = tracked_id
    returning t.* into tracked;
    perform @schema@.write_tracking_triggers(tracked);
    perform @schema@.drop_rowless(tracked);
  elsif tracked.taken_in_at is not null then
    return json_build_object('rows', 0, 'complete', true);
  end if;

  source := @schema@.tracked_source(tracked);
  select string_agg(format('t.%I', c.name), ', ' order by c.position),
         string_agg(format('t.%I desc', c.name), ', ' order by c.position),
         string_agg(format('t.%I::text', c.name), ', ' order by c.position),
         string_agg(format('(p.id ->> %s)::%s as %I', c.position - 1, format_type(a.atttypid, a.atttypmod), c.name), ', '
                    order by c.position)
    into columns, backward, ids, typed
    from unnest(tracked.id_columns) with ordinality as c(name, position)
    join pg_attribute a on a.attrelid = tracked.relation and a.attname = c.name;

  if tracked.taken_in_to is not null then
    behind := format('(%s) > (%s)', columns, @schema@.id_literals(tracked, to_json(tracked.taken_in_to)));
  end if;

  -- The page's end is chosen before its rows are locked: a row whose id changes while its lock is awaited must not move it.
  execute format('with page as materialized (select %1$s from %3$s t where %4$s order by %1$s limit %5$s)
                  select (select count(*) from page) as rows,
                         (select array[%2$s] from page t order by %6$s limit 1) as last',
                 columns, ids, source, behind, page_size, backward)
     into page;

  if page.rows > 0 then
    -- Only rows that are locked are looked at: one that came since tells of itself, and may have changed again by then.
    execute format('select json_agg(json_build_array(%s))
                      from (select %s from %s t where %s and (%s) <= (%s) order by %2$s for share) t',
                   ids, columns, source, behind, columns, @schema@.id_literals(tracked, to_json(page.last)))
       into locked;
    execute format(
      'select coalesce(array_agg(distinct l.owner_id), ''{}'')                              as ids,
              coalesce(array_agg(l.owner_id) filter (where l.file_id is not null), ''{}'') as held_ids,
              coalesce(array_agg(l.file_id)  filter (where l.file_id is not null), ''{}'') as held_files
         from (%s) l',
      @schema@.tracked_select(tracked, format('(select %s from json_array_elements(coalesce($1, ''[]'')) as p(id))', typed)))
       into lines
      using locked;
    if lines.held_ids <> '{}' then
      perform @schema@.hold_tracked(tracked.id, tracked.owner_type, tracked.slot, lines.held_ids, lines.held_files);
    end if;
    perform @schema@.drop_surplus(tracked.owner_type, tracked.slot, lines.ids, lines.held_ids, lines.held_files);
  end if;

  update @schema@.tracked_columns t
     set taken_in_to = coalesce(page.last, tracked.taken_in_to),
         taken_in_at = case when page.rows < page_size then clock_timestamp() end
   where t.id = tracked_id;
  return json_build_object('rows', page.rows, 'complete', page.rows < page_size);
end
$body$;


-- Drops the references of owners in the column's slot whose id is the text of no row's.
-- Locks: those references, until the caller's transaction ends; the caller holds off who writes the table.
create function @schema@.drop_rowless(tracked @schema@.tracked_columns) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp set row_security = off
as $body$
begin
  execute format('delete from %s.file_references r
                   where r.owner_type = %L and r.slot = %L and not exists (select from %s t where %s = r.owner_id)',
                 $code$@schema@$code$, tracked.owner_type, tracked.slot, @schema@.tracked_source(tracked),
                 @schema@.tracked_owner_id(tracked.relation, tracked.id_columns, 't'));
end
$body$;


-- SQL for the table whose rows are tracked: with its partitions, without tables that inherit from it.
create function @schema@.tracked_source(tracked @schema@.tracked_columns) returns text
  language sql stable set search_path = pg_catalog, pg_temp
as $body$
  select case c.relkind when 'p' then '' else 'only ' end || tracked.relation::text
    from pg_class c
   where c.oid = tracked.relation
$body$;


-- SQL for the texts of a row's id columns as values of their types.
create function @schema@.id_literals(tracked @schema@.tracked_columns, texts json) returns text
  language sql stable set search_path = pg_catalog, pg_temp
as $body$
  select string_agg(format('%L::%s', texts ->> (c.position - 1)::integer, format_type(a.atttypid, a.atttypmod)), ', '
                    order by c.position)
    from unnest(tracked.id_columns) with ordinality as c(name, position)
    join pg_attribute a on a.attrelid = tracked.relation and a.attname = c.name
$body$;



create function @schema@.drop_tracking_triggers(tracked @schema@.tracked_columns) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $body$
declare
  found_trigger record;
begin
  for found_trigger in
    select g.tgname, g.tgrelid::regclass as relation
      from pg_trigger g
     where g.tgrelid in (select tracked.relation union select p.relid from pg_partition_tree(tracked.relation) p)
       and g.tgparentid = 0
       and g.tgname in (select @schema@.tracking_trigger(tracked.id, e)
                          from unnest(array['row', 'insert', 'delete', 'fence', 'update', 'truncate']) e)
  loop
    execute format('drop trigger %I on %s', found_trigger.tgname, found_trigger.relation);
  end loop;
end
$body$;


-- Ends the tracking of a column. Its references stay, unless release says that release_tracked is called next.
-- Locks: ACCESS EXCLUSIVE on the table, as dropping a trigger does, where it is still there; then the tracked column's row. Both
-- until the transaction ends.
create function @schema@.untrack_column(tracked_id integer, release boolean) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $body$
declare
  registry constant text := $code$@schema@$code$;
  tracked  @schema@.tracked_columns;
begin
  select t.* into tracked from @schema@.tracked_columns t where t.id = tracked_id;
  if exists (select from pg_class c where c.oid = tracked.relation) then
    execute format('lock table %s in access exclusive mode', tracked.relation);
  end if;
  select t.* into tracked from @schema@.tracked_columns t where t.id = tracked_id for update;
  if not found then
    perform @schema@.refuse_to_track('no such column is tracked', 'Look at trackedColumns() for the names.');
  end if;

  perform @schema@.drop_tracking_triggers(tracked);
  execute format('drop function if exists %1$s.%2$I(), %1$s.%3$I()', registry,
                 format('tracked_%s_statement', tracked.id), format('tracked_%s_row', tracked.id));

  if release then
    update @schema@.tracked_columns t set releasing = true where t.id = tracked_id;
  else
    delete from @schema@.tracked_columns t where t.id = tracked_id;
  end if;
end
$body$;


-- Drops the next page of the references that a column left behind, and with the last one forgets the column. Answers
-- { "released", "complete" }.
-- Locks: the tracked column's row, so that one page goes at a time, and those references, in the order of their key; until the
-- transaction ends.
create function @schema@.release_tracked(tracked_id integer, page_size integer) returns json
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $body$
declare
  tracked  @schema@.tracked_columns;
  released integer;
  complete boolean;
begin
  perform @schema@.require_fresh_snapshot('references can be released');
  select t.* into tracked from @schema@.tracked_columns t where t.id = tracked_id and t.releasing for update;
  if not found then
    return json_build_object('released', 0, 'complete', true);
  end if;

  with page as materialized (
    select x.owner_id, x.file_id
      from @schema@.file_references x
     where x.owner_type = tracked.owner_type
       and x.slot       = tracked.slot
     order by x.owner_id, x.file_id
     limit page_size
       for update
  )
  delete from @schema@.file_references r
   using page
   where r.owner_type = tracked.owner_type
     and r.slot       = tracked.slot
     and r.owner_id   = page.owner_id
     and r.file_id    = page.file_id;
  get diagnostics released = row_count;

  complete := not exists (select
                            from @schema@.file_references r
                           where r.owner_type = tracked.owner_type
                             and r.slot       = tracked.slot);
  if complete then
    delete from @schema@.tracked_columns t where t.id = tracked_id;
  end if;
  return json_build_object('released', released, 'complete', complete);
end
$body$;


-- What is wrong with a tracked column: a table or column that is gone or renamed, triggers that are gone or switched off, or rows that
-- a crash empties without telling, be it on one partition. A column that was dropped took the trigger for updates with it; the trigger follows one that was renamed, also where
-- another one has the name now.
create function @schema@.tracked_state(tracked @schema@.tracked_columns) returns text
  language sql stable set search_path = pg_catalog, pg_temp
as $body$
  select case
           when tracked.releasing then 'releasing'
           when c.oid is null or l.columns_left < 1 + cardinality(tracked.id_columns) and w.watched is null then 'gone'
           when n.nspname <> tracked.table_schema or c.relname <> tracked.table_name or w.watched <> tracked.watched then 'renamed'
           when g.enabled < case when c.relkind = 'p' then 3 else 5 end or g.has_disabled then 'disabled'
           when @schema@.is_unlogged(c.oid) then 'unlogged'
           when tracked.taken_in_at is null then 'takingIn'
           else 'tracking'
         end
    from (select tracked.relation as relation) t
    left join pg_class c on c.oid = t.relation
    left join pg_namespace n on n.oid = c.relnamespace
   cross join lateral (
         select count(*) as columns_left
           from unnest(array[tracked.column_name] || tracked.id_columns) x
           join pg_attribute a on a.attrelid = c.oid and a.attname = x and not a.attisdropped) l
   cross join @schema@.watched_now(tracked) as w(watched)
   cross join lateral (
         select count(*) filter (where g.tgrelid = c.oid and g.tgenabled in ('O', 'A')) as enabled,
                count(*) filter (where g.tgenabled not in ('O', 'A')) > 0                 as has_disabled
           from pg_trigger g
          where g.tgrelid in (select c.oid union select p.relid from pg_partition_tree(c.oid) p)
            and g.tgname in (select @schema@.tracking_trigger(tracked.id, e) from unnest(array['row', 'insert', 'delete', 'fence', 'update', 'truncate']) e)) g
$body$;


-- Every tracked column with its state.
create function @schema@.list_tracked_columns() returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select coalesce(json_agg(json_build_object(
           'id', t.id, 'schema', t.table_schema, 'table', t.table_name, 'column', t.column_name, 'path', t.path,
           'ownerType', t.owner_type, 'slot', t.slot, 'idColumns', t.id_columns, 'where', t.condition, 'guarded', t.guarded,
           'trackedAt', t.tracked_at,
           'state', @schema@.tracked_state(t))
         order by t.table_schema, t.table_name, t.column_name, t.path), '[]')
    from @schema@.tracked_columns t
$body$;


-- Hangs what partitions do not inherit on those that came since, and tells which columns are tracked no more as they should be;
-- called by the processors now and then. A partition that is being written, or that the registry's owner may not change, is left
-- to the next call. Answers { "added", "leftOut", "broken": [{ "column", "state" }, …] }.
-- Locks: SHARE ROW EXCLUSIVE on partitions that lack the trigger, not waited for, until the transaction ends.
create function @schema@.track_new_partitions() returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  tracked @schema@.tracked_columns;
  added   integer := 0;
  left_out integer := 0;
begin
  perform set_config('lock_timeout', '10ms', true);
  for tracked in
    select t.*
      from @schema@.tracked_columns t
      join pg_class c on c.oid = t.relation
     where c.relkind = 'p' and not t.releasing
  loop
    begin
      added := added + @schema@.track_partitions(tracked, false);
    exception when lock_not_available or insufficient_privilege or undefined_table or syntax_error then
      left_out := left_out + 1;
    end;
  end loop;
  return json_build_object(
           'added', added, 'leftOut', left_out,
           'broken', (select coalesce(json_agg(json_build_object(
                                'column', concat_ws('.', t.table_schema, t.table_name, t.column_name), 'state', s.state)
                              order by t.id), '[]')
                        from @schema@.tracked_columns t
                       cross join @schema@.tracked_state(t) as s(state)
                       where s.state not in ('tracking', 'takingIn', 'releasing')));
end
$body$;
