-- Reads. The application's role has no privilege on the tables, so that everything it sees comes from here.

create function @schema@.find_files(file_ids uuid[]) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select coalesce(json_agg(@schema@.file_json(f)), '[]')
    from @schema@.files f
   where f.id = any(file_ids)
$body$;


-- The files of many owners in one round trip; owners is [{ "type", "id", "slot" }, …], a slot that is null means all slots.
-- Each row says which owner of the list it answers, counted from 0.
create function @schema@.files_of(owners jsonb) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select coalesce(json_agg(json_build_object('owner',      o.ordinality - 1,
                                             'slot',       r.slot,
                                             'attachedAt', r.attached_at,
                                             'file',       @schema@.file_json(f))
                           order by o.ordinality, r.slot, r.attached_at, r.file_id), '[]')
    from jsonb_array_elements(owners) with ordinality as o(owner, ordinality)
    join @schema@.file_references r
      on r.owner_type = o.owner ->> 'type'
     and r.owner_id   = o.owner ->> 'id'
     and (r.slot = o.owner ->> 'slot' or o.owner ->> 'slot' is null)
    join @schema@.files f on f.id = r.file_id
$body$;


-- Who holds a file: a page of its references in the order of their key, behind the given one.
create function @schema@.references_of(
  file_id uuid, after_type text, after_id text, after_slot text, page_size integer
) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select coalesce(json_agg(json_build_object('type', p.owner_type, 'id', p.owner_id, 'slot', p.slot,
                                             'attachedAt', p.attached_at)
                           order by p.owner_type, p.owner_id, p.slot), '[]')
    from (select r.owner_type, r.owner_id, r.slot, r.attached_at
            from @schema@.file_references r
           where r.file_id = references_of.file_id
             and (after_type is null
                  or (r.owner_type, r.owner_id, r.slot)
                     > (after_type collate "C", after_id collate "C", after_slot collate "C"))
           order by r.owner_type, r.owner_id, r.slot
           limit page_size) p
$body$;


create function @schema@.count_references(file_ids uuid[]) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select coalesce(json_object_agg(c.file_id, c.ref_count), '{}')
    from (select r.file_id, count(*) as ref_count
            from @schema@.file_references r
           where r.file_id = any(file_ids)
           group by r.file_id) c
$body$;


-- The name of the newest migration, for the check at start; the caller needs no privilege on the table.
create function @schema@.schema_version() returns text
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select max(m.name) from @schema@.migrations m
$body$;
