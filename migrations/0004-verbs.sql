-- The verbs that belong into the application's transaction. Each is one statement for the caller and answers with one json.
--
-- Arrays are looked up by any(array(select unnest(…))): by any(…) alone, a short one looks cheaper than the plan that is kept for the
-- session, and so each call would be planned anew, 25 to 50 µs.

create function @schema@.refuse_reserved_owner(owner_type text) returns void
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $body$
begin
  if owner_type = 'file' or starts_with(owner_type, 'registry:') then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('owner type %L is reserved', owner_type),
      hint    = 'Choose another type; ''file'' and what begins with ''registry:'' belong to the registry.';
  end if;
end
$body$;


-- Whether an owner is not to be attached or detached by hand: refused where its type is reserved; { "guarded" } with the reason where
-- its slot is that of a guarded tracked column, whose references follow the column alone; null where nothing is against it. An
-- answer instead of an error leaves the caller's transaction usable.
create function @schema@.refuse_owner(owner_type text, slot text) returns json
  language plpgsql stable
as $body$
declare
  tracked @schema@.tracked_columns;
begin
  if owner_type = 'file' or starts_with(owner_type, 'registry:') then
    perform @schema@.refuse_reserved_owner(owner_type);
  end if;

  select t.* into tracked
    from @schema@.tracked_columns t
   where t.owner_type = refuse_owner.owner_type
     and t.slot       = refuse_owner.slot
     and t.guarded;
  if found then
    return json_build_object('guarded', format('slot %L of owner type %L follows the column %I.%I.%I', slot, owner_type,
                                               tracked.table_schema, tracked.table_name, tracked.column_name));
  end if;
  return null;
end
$body$;


-- Why files cannot be attached: condemned ones were files once, missing ones never were or their receipt is pruned.
create function @schema@.explain_missing(file_ids uuid[]) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select json_build_object(
           'missing',   coalesce(json_agg(w.id) filter (where d.state is null or d.state in ('reserved', 'abandoned')), '[]'),
           'condemned', coalesce(json_agg(w.id) filter (where d.state in ('condemned', 'deleted')), '[]'))
    from (select distinct unnest(file_ids) as id) w
    left join @schema@.files f on f.id = w.id
    left join @schema@.deletions d on d.file_id = w.id
   where f.id is null
$body$;


-- Where every reference of an application begins: file_ids[i] is attached to the owner { owner_types[i], owner_ids[i], slots[i] },
-- all of them or none. What is attached already stays as it is. Answers how many references began, or what is missing.
-- Runs as its caller, so that nobody but the schema's own functions gets past the tables' privileges with it.
-- Locks: KEY SHARE on the file rows, in the order of their ids, until the caller's transaction ends. It waits only for the
-- processor's short settle, and where that condemned the file, the row is gone and the answer says so. References are written in
-- the order of their key, so that two calls cannot deadlock on them.
create function @schema@.attach_rows(file_ids uuid[], owner_types text[], owner_ids text[], slots text[]) returns json
  language plpgsql volatile
as $body$
declare
  wanted   integer := cardinality(file_ids);
  held     integer;
  attached integer;
begin
  -- Mostly it is one, and these two statements cost half of those below. An array from SQL may begin elsewhere than at 1.
  if wanted = 1 and file_ids[1] is not null then
    perform from @schema@.files f where f.id = file_ids[1] for key share;
    if not found then
      return @schema@.explain_missing(file_ids);
    end if;

    insert into @schema@.file_references (file_id, owner_type, owner_id, slot)
    values (file_ids[1], owner_types[1], owner_ids[1], slots[1])
        on conflict do nothing;
    get diagnostics attached = row_count;
    return json_build_object('attached', attached);
  end if;

  if wanted > 1 then
    select count(distinct id) into wanted from unnest(file_ids) id;
  end if;

  held := cardinality(array(select f.id from @schema@.files f where f.id = any(array(select unnest(file_ids))) order by f.id for key share));
  if held < wanted then
    return @schema@.explain_missing(file_ids);
  end if;

  insert into @schema@.file_references (file_id, owner_type, owner_id, slot)
  select w.file_id, w.owner_type, w.owner_id, w.slot
    from unnest(file_ids, owner_types, owner_ids, slots) as w(file_id, owner_type, owner_id, slot)
   order by w.owner_type collate "C", w.owner_id collate "C", w.slot collate "C", w.file_id
      on conflict do nothing;
  get diagnostics attached = row_count;
  return json_build_object('attached', attached);
end
$body$;


-- Where an owner's slot is cut down to what it should hold: drops what these owners hold in it beyond the pairs
-- { kept_ids[i], kept_files[i] }; a trigger notes the intents. Answers how many references went. Runs as its caller, too.
-- Locks: the references that go, until the caller's transaction ends.
create function @schema@.drop_surplus(
  owner_type text, slot text, owner_ids text[], kept_ids text[], kept_files uuid[]
) returns integer
  language plpgsql volatile
as $body$
declare
  dropped integer;
begin
  if cardinality(owner_ids) = 1 then
    delete from @schema@.file_references r
     where r.owner_type = drop_surplus.owner_type
       and r.owner_id   = owner_ids[1]
       and r.slot       = drop_surplus.slot
       and r.file_id   <> all(kept_files);
  elsif kept_ids = '{}' then
    delete from @schema@.file_references r
     where r.owner_type = drop_surplus.owner_type
       and r.owner_id   = any(owner_ids)
       and r.slot       = drop_surplus.slot;
  else
    delete from @schema@.file_references r
     where r.owner_type = drop_surplus.owner_type
       and r.owner_id   = any(owner_ids)
       and r.slot       = drop_surplus.slot
       and (r.owner_id, r.file_id) not in (select k.owner_id, k.file_id
                                             from unnest(kept_ids, kept_files) as k(owner_id, file_id));
  end if;
  get diagnostics dropped = row_count;
  return dropped;
end
$body$;


-- Attaches all the files to the owner, or none of them. Attaching again changes nothing.
create function @schema@.attach(file_ids uuid[], owner_type text, owner_id text, slot text) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  length  integer[] := array[cardinality(file_ids)];
  refused json;
begin
  refused := @schema@.refuse_owner(owner_type, slot);
  if refused is not null then
    return refused;
  end if;
  return @schema@.attach_rows(file_ids, array_fill(owner_type, length), array_fill(owner_id, length), array_fill(slot, length));
end
$body$;


-- Attaches many files to many owners, all or none: pairs is [{ "fileId", "type", "id", "slot" }, …].
create function @schema@.attach_many(pairs jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  file_ids    uuid[];
  owner_types text[];
  owner_ids   text[];
  slots       text[];
  refused     json;
begin
  select array_agg(x."fileId"), array_agg(x.type), array_agg(x.id), array_agg(x.slot)
    into file_ids, owner_types, owner_ids, slots
    from jsonb_to_recordset(pairs) as x("fileId" uuid, type text, id text, slot text);

  select r.refused into refused
    from (select distinct w.type, w.slot from unnest(owner_types, slots) as w(type, slot)) o
   cross join lateral @schema@.refuse_owner(o.type, o.slot) as r(refused)
   where r.refused is not null
   limit 1;
  if refused is not null then
    return refused;
  end if;
  return @schema@.attach_rows(coalesce(file_ids, '{}'), owner_types, owner_ids, slots);
end
$body$;


-- Drops the owner's references to these files; a trigger notes the intents. Detaching again changes nothing.
-- Locks: the references, in the order of their key, until the caller's transaction ends.
create function @schema@.detach(file_ids uuid[], owner_type text, owner_id text, slot text) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  detached integer;
  refused  json;
begin
  refused := @schema@.refuse_owner(detach.owner_type, detach.slot);
  if refused is not null then
    return refused;
  end if;

  if cardinality(file_ids) > 1 then
    perform
       from @schema@.file_references r
      where r.owner_type = detach.owner_type
        and r.owner_id   = detach.owner_id
        and r.slot       = detach.slot
        and r.file_id    = any(array(select unnest(file_ids)))
      order by r.file_id
        for update;
  end if;

  delete from @schema@.file_references r
   where r.owner_type = detach.owner_type
     and r.owner_id   = detach.owner_id
     and r.slot       = detach.slot
     and r.file_id    = any(array(select unnest(file_ids)));
  get diagnostics detached = row_count;

  return json_build_object('detached', detached);
end
$body$;


-- Drops every reference of the owner, or of one of its slots where slot is not null. Slots that follow a guarded column are left
-- to it.
-- Locks: the references, in the order of their key, until the caller's transaction ends.
create function @schema@.detach_all(owner_type text, owner_id text, slot text) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  detached      integer;
  guarded_slots text[] := array(
    select t.slot
      from @schema@.tracked_columns t
     where t.owner_type = detach_all.owner_type
       and t.guarded);
begin
  if slot = any(guarded_slots) or owner_type = 'file' or starts_with(owner_type, 'registry:') then
    -- A slot that is guarded no more, as of a moment ago, is left to the next call.
    return coalesce(@schema@.refuse_owner(detach_all.owner_type, detach_all.slot), json_build_object('detached', 0));
  end if;

  perform
     from @schema@.file_references r
    where r.owner_type = detach_all.owner_type
      and r.owner_id   = detach_all.owner_id
      and (r.slot = detach_all.slot or detach_all.slot is null)
      and r.slot <> all(guarded_slots)
    order by r.slot, r.file_id
      for update;

  delete from @schema@.file_references r
   where r.owner_type = detach_all.owner_type
     and r.owner_id   = detach_all.owner_id
     and (r.slot = detach_all.slot or detach_all.slot is null)
     and r.slot <> all(guarded_slots);
  get diagnostics detached = row_count;

  return json_build_object('detached', detached);
end
$body$;


-- The same for many owners: owners is [{ "type", "id", "slot" }, …], all slots of one where its slot is null. Without the settings,
-- 20,000 references are read whole for a hundred owners: 57 to 75 µs an owner instead of 26 to 31.
-- Locks: the references, in the order of their key, until the caller's transaction ends. What goes is looked up again after that, so
-- that what a replace put in their place while this waited for it goes, too.
create function @schema@.detach_all_many(owners jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $body$
declare
  detached integer;
  refused  json;
begin
  select r.refused into refused
    from (select distinct o.type, o.slot from jsonb_to_recordset(owners) as o(type text, slot text)) o
   cross join lateral @schema@.refuse_owner(o.type, o.slot) as r(refused)
   where r.refused is not null
   limit 1;
  if refused is not null then
    return refused;
  end if;

  perform
     from jsonb_to_recordset(owners) as o(type text, id text, slot text)
     join @schema@.file_references r on r.owner_type = o.type and r.owner_id = o.id and (r.slot = o.slot or o.slot is null)
    where not exists (select
                        from @schema@.tracked_columns t
                       where t.owner_type = r.owner_type
                         and t.slot       = r.slot
                         and t.guarded)
    order by r.owner_type, r.owner_id, r.slot, r.file_id
      for update of r;

  delete from @schema@.file_references r
   using jsonb_to_recordset(owners) as o(type text, id text, slot text)
   where r.owner_type = o.type
     and r.owner_id   = o.id
     and (r.slot = o.slot or o.slot is null)
     and not exists (select
                       from @schema@.tracked_columns t
                      where t.owner_type = r.owner_type
                        and t.slot       = r.slot
                        and t.guarded);
  get diagnostics detached = row_count;

  return json_build_object('detached', detached);
end
$body$;


-- Makes the slot hold exactly these files. What it holds already stays untouched, so that replacing a file by itself notes
-- no intent. A missing file leaves the slot as it was.
-- Locks: first an advisory lock on the slot, so that two replacements of it run one after the other; then as attach and
-- detach. All until the caller's transaction ends.
create function @schema@.replace(owner_type text, owner_id text, slot text, file_ids uuid[]) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  length   integer[] := array[cardinality(file_ids)];
  outcome  json;
  detached integer;
  refused  json;
begin
  refused := @schema@.refuse_owner(replace.owner_type, replace.slot);
  if refused is not null then
    return refused;
  end if;
  perform pg_advisory_xact_lock(
            hashtextextended(format('%L %L %L', replace.owner_type, replace.owner_id, replace.slot), 4276215469));

  if cardinality(file_ids) > 0 then
    outcome := @schema@.attach_rows(file_ids, array_fill(replace.owner_type, length), array_fill(replace.owner_id, length),
                                    array_fill(replace.slot, length));
    if outcome -> 'attached' is null then
      return outcome;
    end if;
  end if;

  perform
     from @schema@.file_references r
    where r.owner_type = replace.owner_type
      and r.owner_id   = replace.owner_id
      and r.slot       = replace.slot
      and r.file_id   <> all(file_ids)
    order by r.file_id
      for update;

  detached := @schema@.drop_surplus(replace.owner_type, replace.slot, array[replace.owner_id],
                                    array_fill(replace.owner_id, length), file_ids);
  return json_build_object('attached', coalesce((outcome ->> 'attached')::integer, 0), 'detached', detached);
end
$body$;
