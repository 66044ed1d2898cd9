-- Tracked columns: whether rows and references are equal.

-- Compares a page of a tracked column's rows with their references, in one snapshot. Answers as verify_files does; "last" are
-- the texts of the id columns.
create function @schema@.verify_tracked_rows(tracked_id integer, after_ids jsonb, page_size integer) returns json
  language plpgsql stable security definer
  set search_path = pg_catalog, pg_temp set row_security = off set datestyle = 'ISO, YMD'
as $body$
declare
  registry constant text := $code$@schema@$code$;
  tracked  @schema@.tracked_columns;
  columns  text;
  ids      text;
  behind   text := 'true';
  result   json;
begin
  select t.* into strict tracked from @schema@.tracked_columns t where t.id = tracked_id;
  select string_agg(format('t.%I', c.name), ', ' order by c.position),
         string_agg(format('t.%I::text', c.name), ', ' order by c.position)
    into columns, ids
    from unnest(tracked.id_columns) with ordinality as c(name, position);
  if after_ids is not null then
    behind := format('(%s) > (%s)', columns, @schema@.id_literals(tracked, after_ids::json));
  end if;

  execute format(
    'with page as materialized (
       select %1$s, row_number() over (order by %1$s) as n from %2$s t where %3$s order by %1$s limit %4$s
     ), wanted as materialized (
       %5$s
     ), held as (
       select r.owner_id, r.file_id
         from %10$s.file_references r
        where r.owner_type = %6$L
          and r.slot       = %7$L
          and r.owner_id   = any(array(select w.owner_id from wanted w))
     ), problems as (
       select w.file_id, ''is named by '' || %8$L || '' of row '' || w.owner_id || '', which does not hold it'' as problem
         from wanted w
        where w.file_id is not null
          and not exists (select from held h where h.owner_id = w.owner_id and h.file_id = w.file_id)
        union all
       select h.file_id, ''is held by row '' || h.owner_id || '', whose '' || %8$L || '' does not name it''
         from held h
        where not exists (select from wanted w where w.owner_id = h.owner_id and w.file_id = h.file_id)
     )
     select json_build_object(
              ''checked'',  (select count(*) from page),
              ''last'',     (select json_build_array(%9$s) from page t where t.n = %4$s),
              ''problems'', (select coalesce(json_agg(json_build_object(
                                     ''law'', null, ''fileId'', x.file_id, ''problem'', x.problem)), ''[]'')
                               from problems x))',
    columns, @schema@.tracked_source(tracked), behind, page_size,
    @schema@.tracked_select(tracked, 'page'), tracked.owner_type, tracked.slot,
    format('%I.%I', tracked.table_name, tracked.column_name), ids, registry)
     into result;
  return result;
end
$body$;


-- A page of the owners in a tracked column's slot, and those of them that have no row: none whose id has this text, whatever it means
-- as a value (07, or a uuid in capitals). "last" is the last owner's id.
create function @schema@.verify_tracked_owners(tracked_id integer, after_id text, page_size integer) returns json
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set row_security = off
as $body$
declare
  registry constant text := $code$@schema@$code$;
  tracked  @schema@.tracked_columns;
  same_row text;
  same_id  text;
  query    text;
  result   json;
begin
  select t.* into strict tracked from @schema@.tracked_columns t where t.id = tracked_id;
  select string_agg(format('t.%I = (%s)::%s', c.name,
                           case when cardinality(tracked.id_columns) = 1 then 'p.owner_id'
                                else format('p.owner_id::json ->> %s', c.position - 1) end,
                           format_type(a.atttypid, a.atttypmod)), ' and ')
    into same_row
    from unnest(tracked.id_columns) with ordinality as c(name, position)
    join pg_attribute a on a.attrelid = tracked.relation and a.attname = c.name;

  same_id := @schema@.tracked_owner_id(tracked.relation, tracked.id_columns, 't') || ' = p.owner_id';

  query := format(
    'with page as materialized (
       select r.owner_id, (array_agg(r.file_id))[1] as file_id
         from %7$s.file_references r
        where r.owner_type = %1$L
          and r.slot       = %2$L
          and r.owner_id   > (%3$L collate "C")
        group by r.owner_id
        order by r.owner_id
        limit %4$s
     ), problems as (
       select p.file_id, ''is held by row '' || p.owner_id || '' of '' || %5$L || '', which is gone'' as problem
         from page p
        where not exists (select from %6$s t where «same row»)
     )
     select json_build_object(
              ''checked'',  (select count(*) from page),
              ''last'',     (select case when count(*) = %4$s then max(p.owner_id) end from page p),
              ''problems'', (select coalesce(json_agg(json_build_object(
                                     ''law'', null, ''fileId'', x.file_id, ''problem'', x.problem)), ''[]'')
                               from problems x))',
    tracked.owner_type, tracked.slot, after_id, page_size, format('%I', tracked.table_name), @schema@.tracked_source(tracked),
    registry);

  begin
    execute replace(query, '«same row»', same_row || ' and ' || same_id) into result;
  exception when data_exception then
    -- Somebody attached by hand with an id that no row of this table can have.
    execute replace(query, '«same row»', same_id) into result;
  end;
  return result;
end
$body$;
