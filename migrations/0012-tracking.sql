-- Tracking a column. All of it runs as its caller, who migrates: the role that owns the registry's schema and may lock the table and
-- create triggers on it.

-- Whose text no setting changes, so that an owner's id is the same in every session.
create function @schema@.is_id_type(type oid) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
as $body$
  select case t.typtype
           when 'd' then @schema@.is_id_type(t.typbasetype)
           when 'e' then true
           else t.oid in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'numeric'::regtype, 'uuid'::regtype,
                          'text'::regtype, 'varchar'::regtype, 'char'::regtype, 'date'::regtype, 'timestamp'::regtype,
                          'timestamptz'::regtype)
         end
    from pg_type t
   where t.oid = is_id_type.type
$body$;


-- Whether a crash empties the table or a partition of it.
create function @schema@.is_unlogged(relation regclass) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
as $body$
  select exists (select
                   from pg_class c
                  where c.relpersistence = 'u'
                    and c.oid in (select is_unlogged.relation union all select p.relid from pg_partition_tree(is_unlogged.relation) p))
$body$;


-- Checks what is to be tracked and answers the id columns: those given, or the primary key.
create function @schema@.check_tracked_table(relation regclass, column_name name, path text, id_columns name[]) returns name[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $body$
declare
  found_class  pg_class;
  column_type  oid;
  generated    boolean;
  chosen       name[] := id_columns;
  owner        pg_roles;
  loose_column name;
begin
  select c.* into found_class from pg_class c where c.oid = relation;

  perform @schema@.refuse_to_track(format('%s is %s', relation, p.problem), p.hint)
     from (values
            (found_class.relkind in ('v', 'm'), 'a view', 'Track the columns of the tables below it.'),
            (found_class.relkind = 'f', 'a foreign table',
             'Its rows change elsewhere without telling; attach and detach in the application.'),
            (found_class.relkind not in ('r', 'p', 'v', 'm', 'f'), 'no table', 'Name a table.'),
            (found_class.relispartition, 'a partition', 'Track the partitioned table.'),
            (not found_class.relispartition and exists (select from pg_inherits h where h.inhrelid = found_class.oid),
             'a table that inherits', 'Statements on its parent change its rows without telling; use partitions instead.'),
            (found_class.relpersistence = 't', 'a temporary table', 'Its rows end with the session without telling.'),
            (found_class.relpersistence = 'u', 'an unlogged table', 'A crash empties it without telling; make it logged.'),
            (@schema@.is_unlogged(relation), 'a table with unlogged partitions', 'A crash empties them without telling; make them logged.'),
            (found_class.relnamespace = (select f.relnamespace from pg_class f where f.oid = $code$@schema@.files$code$::regclass)
             or found_class.relnamespace = 'pg_catalog'::regnamespace,
             'a table of the registry or the system', 'Name a table of the application.')
          ) as p(found, problem, hint)
    where p.found;

  select a.atttypid, a.attgenerated <> '' into column_type, generated
    from pg_attribute a
   where a.attrelid = relation and a.attname = column_name and a.attnum > 0 and not a.attisdropped;
  if not found then
    perform @schema@.refuse_to_track(format('%s has no column %I', relation, column_name), 'Name a column of the table.');
  end if;
  if generated then
    perform @schema@.refuse_to_track(
              format('column %I of %s is generated', column_name, relation),
              'Track the columns it is made from: its expression can be changed without telling.');
  end if;
  if path is null and column_type not in ('uuid'::regtype, 'uuid[]'::regtype) then
    perform @schema@.refuse_to_track(
              format('column %I of %s is %s', column_name, relation, format_type(column_type, null)),
              case when column_type = 'jsonb'::regtype
                   then 'Give the path to the file ids in it, such as $.hero.image.'
                   else 'Track a column of the type uuid or uuid[], or a path in a jsonb column.' end);
  end if;
  if path is not null and column_type <> 'jsonb'::regtype then
    perform @schema@.refuse_to_track(
              format('column %I of %s is %s and has no path', column_name, relation, format_type(column_type, null)),
              'Leave the path out, or name a jsonb column.');
  end if;
  perform path::jsonpath;

  if chosen is null then
    select array_agg(a.attname order by k.position) into chosen
      from pg_index i
     cross join lateral unnest(i.indkey::smallint[]) with ordinality as k(attnum, position)
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
     where i.indrelid = relation and i.indisprimary and i.indimmediate
       and k.position <= i.indnkeyatts;
    if chosen is null then
      perform @schema@.refuse_to_track(format('%s has no primary key, or a deferrable one', relation),
                                       'Name the columns that identify a row (idColumn); a unique index must cover them.');
    end if;
  end if;

  select n into loose_column
    from unnest(chosen) n
    left join pg_attribute a on a.attrelid = relation and a.attname = n and a.attnum > 0 and not a.attisdropped
   where a.attnum is null or not a.attnotnull or a.attgenerated <> '' or not @schema@.is_id_type(a.atttypid);
  if found then
    perform @schema@.refuse_to_track(
              format('column %I of %s does not identify rows', loose_column, relation),
              'It must exist, be NOT NULL and not generated, and be a number, a uuid, a text, an enum, a date or a timestamp.');
  end if;
  perform
     from pg_index i
    where i.indrelid = relation and i.indisunique and i.indimmediate and i.indisvalid
      and i.indpred is null and i.indexprs is null
      and (select array_agg(a.attname order by a.attname)
             from unnest(i.indkey::smallint[], i.indcollation::oid[]) with ordinality as k(attnum, collated, position)
             join pg_attribute a on a.attrelid = relation and a.attnum = k.attnum and a.attcollation = k.collated
            where k.position <= i.indnkeyatts)
          = (select array_agg(n order by n) from unnest(chosen) n);
  if not found then
    perform @schema@.refuse_to_track(
              format('(%s) of %s is not unique', array_to_string(chosen, ', '), relation),
              'Two rows with one id would share their references: create a unique index on exactly these columns, with their '
              'collations, not deferrable.');
  end if;

  select r.* into owner
    from pg_class f
    join pg_roles r on r.oid = f.relowner
   where f.oid = $code$@schema@.files$code$::regclass;
  if not has_table_privilege(owner.oid, relation, 'select')
     or not has_schema_privilege(owner.oid, found_class.relnamespace, 'usage') then
    perform @schema@.refuse_to_track(
              format('%I, who owns the registry, may not read %s', owner.rolname, relation),
              format('grant select on %s to %I; grant usage on schema %s to %2$I;', relation, owner.rolname,
                     found_class.relnamespace::regnamespace));
  end if;
  if found_class.relrowsecurity and not owner.rolsuper and not owner.rolbypassrls
     and (found_class.relforcerowsecurity or not pg_has_role(owner.oid, found_class.relowner, 'usage')) then
    perform @schema@.refuse_to_track(
              format('row-level security may hide rows of %s from %I, who owns the registry', relation, owner.rolname),
              format('alter role %I bypassrls; or let it own the table, without FORCE ROW LEVEL SECURITY.', owner.rolname));
  end if;
  return chosen;
end
$body$;


create function @schema@.refuse_to_track(problem text, hint text) returns void
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $body$
begin
  raise exception using errcode = 'invalid_parameter_value', message = problem, hint = hint;
end
$body$;


-- The columns that a condition reads, from an index with it as its predicate on a table of the same shape. An index is as strict as
-- tracking must be: the condition is about one row and never changes by itself (immutable, no subquery). A loop runs one statement
-- and no more, so that nothing can hide behind a semicolon.
create function @schema@.columns_of_condition(relation regclass, condition text) returns name[]
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $body$
declare
  columns name[];
begin
  for columns in execute format(e'select from %s t where (%s\n) limit 0', relation, condition) loop
  end loop;
  execute format('create temporary table file_registry_condition (like %s) on commit drop', relation);
  execute format(e'create index file_registry_condition_index on pg_temp.file_registry_condition ((1)) where (%s\n)', condition);
  select array_agg(distinct a.attname) into columns
    from pg_depend d
    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
   where d.classid = 'pg_class'::regclass
     and d.objid = 'pg_temp.file_registry_condition_index'::regclass
     and d.refobjid = 'pg_temp.file_registry_condition'::regclass;
  drop table pg_temp.file_registry_condition;
  return coalesce(columns, '{}');
end
$body$;


-- Keeps the references of a column's rows equal to it from now on. Rows that are there already are taken in by take_in_rows.
-- Tracking the same again only mends its triggers, and follows a table that was renamed. Answers { "id", "complete" }.
-- Locks: SHARE ROW EXCLUSIVE on the table until the transaction ends; it waits for whoever is writing it. None where the column is
-- tracked like this already.
create function @schema@.track_column(
  relation regclass, column_name text, path text, slot text, owner_type text, id_columns text[], condition text, guarded boolean
) returns json
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $body$
declare
  tracked     @schema@.tracked_columns;
  tracked_now @schema@.tracked_columns;
  other       @schema@.tracked_columns;
begin
  perform @schema@.require_fresh_snapshot('a column can be tracked');
  tracked.id_columns := @schema@.check_tracked_table(relation, column_name, path, id_columns);
  select n.nspname, c.relname into tracked.table_schema, tracked.table_name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.oid = relation;
  tracked.relation    := relation;
  tracked.column_name := column_name;
  tracked.path        := path;
  tracked.condition   := condition;
  tracked.owner_type  := coalesce(owner_type, tracked.table_name);
  tracked.slot        := coalesce(slot, column_name || coalesce(ltrim(path, '$'), ''));
  tracked.guarded     := guarded;
  perform @schema@.refuse_reserved_owner(tracked.owner_type);
  if octet_length(tracked.slot) > 255 then
    perform @schema@.refuse_to_track(format('the slot %L is longer than 255 bytes', tracked.slot),
                                     'Give a slot; the path is too long for one.');
  end if;

  select t.* into other from @schema@.tracked_columns t where t.owner_type = tracked.owner_type and t.slot = tracked.slot;
  if found and @schema@.is_same_tracking(other, tracked) and @schema@.tracked_state(other) in ('tracking', 'takingIn') then
    perform @schema@.track_partitions(other, false);
    return json_build_object('id', other.id, 'complete', other.taken_in_at is not null);
  end if;

  execute format('lock table %s in share row exclusive mode', relation);
  -- Once more, now that nobody can change it.
  tracked.id_columns := @schema@.check_tracked_table(relation, column_name, path, id_columns);
  insert into @schema@.tracked_columns
         (relation, table_schema, table_name, column_name, path, owner_type, slot, id_columns, condition, guarded)
  values (tracked.relation, tracked.table_schema, tracked.table_name, tracked.column_name, tracked.path, tracked.owner_type,
          tracked.slot, tracked.id_columns, tracked.condition, tracked.guarded)
      on conflict do nothing
  returning * into tracked_now;

  if not found then
    select t.* into strict other
      from @schema@.tracked_columns t
     where t.relation = tracked.relation and t.column_name = tracked.column_name and t.path is not distinct from tracked.path
        or t.owner_type = tracked.owner_type and t.slot = tracked.slot
     order by t.relation = tracked.relation desc, t.column_name = tracked.column_name desc
     limit 1;

    if other.releasing then
      perform @schema@.refuse_to_track(
                format('slot %L of owner type %L is being released', other.slot, other.owner_type),
                'Call untrackFileColumn with references: ''release'' until it is done.');
    elsif not @schema@.is_same_tracking(other, tracked) then
      perform @schema@.refuse_to_track(
                format('%I.%I.%I is tracked already, as slot %L of owner type %L', other.table_schema, other.table_name,
                       other.column_name, other.slot, other.owner_type),
                'To track it otherwise call untrackFileColumn first, which keeps the references; two columns need two slots.');
    end if;

    tracked_now := other;
    if (other.table_schema, other.table_name) <> (tracked.table_schema, tracked.table_name) then
      update @schema@.tracked_columns t
         set table_schema = tracked.table_schema, table_name = tracked.table_name
       where t.id = other.id
      returning t.* into tracked_now;
    end if;
    -- What the rows hold is what other columns said, which had the names until they were exchanged, or what nothing watched since.
    if other.watched is distinct from @schema@.watched_now(other) then
      update @schema@.tracked_columns t
         set tracked_at = clock_timestamp(), taken_in_to = null, taken_in_at = null
       where t.id = other.id
      returning t.* into tracked_now;
    end if;
  end if;

  perform @schema@.write_tracking_triggers(tracked_now);
  return json_build_object('id', tracked_now.id, 'complete', tracked_now.taken_in_at is not null);
end
$body$;


-- Whether what is asked for is what is there, whatever the table was called then.
create function @schema@.is_same_tracking(one @schema@.tracked_columns, other @schema@.tracked_columns) returns boolean
  language sql immutable set search_path = pg_catalog, pg_temp
as $body$
  select (one.relation, one.column_name, one.id_columns, one.owner_type, one.slot, one.guarded)
         = (other.relation, other.column_name, other.id_columns, other.owner_type, other.slot, other.guarded)
     and (one.path, one.condition) is not distinct from (other.path, other.condition)
$body$;


-- Writes the functions and triggers of a tracked column; what is there is replaced, which no reader has to wait for, and switched
-- on. Statements of an ordinary table tell of all their rows at once. The rows of a partitioned one tell of themselves, because
-- the partitions of the future inherit only such triggers; an update calls only where the id, the column or the condition's columns
-- change.
create function @schema@.write_tracking_triggers(tracked @schema@.tracked_columns) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $body$
declare
  registry    constant text := $code$@schema@$code$;
  partitioned boolean := (select c.relkind = 'p' from pg_class c where c.oid = tracked.relation);
  owner       name    := (select pg_get_userbyid(c.relowner) from pg_class c where c.oid = $code$@schema@.files$code$::regclass);
  compared    name[]  := tracked.id_columns;
  changed     text;
  kind        text;
begin
  if tracked.path is null then
    compared := compared || tracked.column_name;
  end if;
  if tracked.condition is not null then
    compared := compared || @schema@.columns_of_condition(tracked.relation, tracked.condition);
  end if;
  update @schema@.tracked_columns t
     set watched = array(select distinct n from unnest(compared || tracked.column_name) n order by n)
   where t.id = tracked.id
  returning t.* into tracked;
  -- Where equal values may have different texts (1.0 and 1.00, 'a' and 'A' in some collations), the bytes are compared; by the
  -- function, because PostgreSQL prints the operator between rows in a form that it reads otherwise, and no dump could be restored.
  select string_agg(distinct format(case when a.atttypid in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype,
                                                             'boolean'::regtype, 'uuid'::regtype, 'uuid[]'::regtype,
                                                             'timestamp'::regtype, 'timestamptz'::regtype, 'date'::regtype)
                                         then 'old.%1$I is distinct from new.%1$I'
                                         else 'record_image_ne(row(old.%1$I), row(new.%1$I))' end, n), ' or ') into changed
    from unnest(compared) n
    join pg_attribute a on a.attrelid = tracked.relation and a.attname = n;
  if tracked.path is not null then
    changed := format('%1$s or old.%2$I is distinct from new.%2$I and
                       jsonb_path_query_array(old.%2$I, %3$L) is distinct from jsonb_path_query_array(new.%2$I, %3$L)',
                      changed, tracked.column_name, tracked.path);
  end if;

  foreach kind in array array['statement', 'row'] loop
    perform @schema@.write_tracking_function(tracked, kind);
    execute format('alter function %s.%I() owner to %I', registry, format('tracked_%s_%s', tracked.id, kind), owner);
    execute format('revoke execute on function %s.%I() from public', registry, format('tracked_%s_%s', tracked.id, kind));
  end loop;

  if partitioned then
    execute format('create or replace trigger %I after insert or delete on %s for each row execute function %s.%I()',
                   @schema@.tracking_trigger(tracked.id, 'row'), tracked.relation, registry, format('tracked_%s_row', tracked.id));
  else
    execute format('create or replace trigger %I after insert on %s referencing new table as changed
                      for each statement execute function %s.%I()',
                   @schema@.tracking_trigger(tracked.id, 'insert'), tracked.relation, registry,
                   format('tracked_%s_statement', tracked.id));
    execute format('create or replace trigger %I after delete on %s referencing old table as changed
                      for each statement execute function %s.%I()',
                   @schema@.tracking_trigger(tracked.id, 'delete'), tracked.relation, registry,
                   format('tracked_%s_statement', tracked.id));
    -- Never called. PostgreSQL refuses to make a table with such a trigger a partition or a child, whose parent's statements would
    -- not tell of its rows.
    execute format('create or replace trigger %I after delete on %s referencing old table as changed
                      for each row when (false) execute function %s.%I()',
                   @schema@.tracking_trigger(tracked.id, 'fence'), tracked.relation, registry,
                   format('tracked_%s_statement', tracked.id));
  end if;
  execute format('create or replace trigger %I after update on %s for each row when (%s) execute function %s.%I()',
                 @schema@.tracking_trigger(tracked.id, 'update'), tracked.relation, changed, registry,
                 format('tracked_%s_row', tracked.id));
  execute format('create or replace trigger %I before truncate on %s for each statement execute function %s.release_truncated(%L)',
                 @schema@.tracking_trigger(tracked.id, 'truncate'), tracked.relation, registry, tracked.id);
  perform @schema@.track_partitions(tracked, true);
end
$body$;


-- Hangs the trigger for TRUNCATE, which partitions do not inherit, on those that lack it; mend switches it on where it was switched
-- off. Answers how many there were.
create function @schema@.track_partitions(tracked @schema@.tracked_columns, mend boolean) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $body$
declare
  registry  constant text := $code$@schema@$code$;
  partition regclass;
  added     integer := 0;
begin
  for partition in
    select p.relid
      from pg_partition_tree(tracked.relation) p
      join pg_class c on c.oid = p.relid
     where p.level > 0
       and c.relkind <> 'f'
       and not exists (select
                         from pg_trigger g
                        where g.tgrelid = p.relid
                          and g.tgname = @schema@.tracking_trigger(tracked.id, 'truncate')
                          and (g.tgenabled in ('O', 'A') or not mend))
  loop
    execute format('create or replace trigger %I before truncate on %s for each statement execute function %s.release_truncated(%L)',
                   @schema@.tracking_trigger(tracked.id, 'truncate'), partition, registry, tracked.id);
    added := added + 1;
  end loop;
  return added;
end
$body$;
