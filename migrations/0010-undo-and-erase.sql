-- Undo, protection, holds and erasure. Like the verbs they belong into the application's transaction and answer with one json.

-- Gives a reserved owner a reference to all the files, or to none of them.
create function @schema@.attach_reserved(file_ids uuid[], owner_type text, owner_id text, slot text) returns json
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $body$
declare
  length integer[] := array[cardinality(file_ids)];
begin
  return @schema@.attach_rows(file_ids, array_fill(owner_type, length), array_fill(owner_id, length), array_fill(slot, length));
end
$body$;


-- Protects files, such as the default image of a field: they stay whoever detaches them. Protecting again changes nothing.
create function @schema@.protect(file_ids uuid[]) returns json
  language sql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
  select @schema@.attach_reserved(file_ids, 'registry:protection', 'protected', 'protected')
$body$;


-- Ends the protection; a file that nobody else holds then goes after its grace period.
create function @schema@.unprotect(file_ids uuid[]) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  detached integer;
begin
  delete from @schema@.file_references r
   where r.owner_type = 'registry:protection'
     and r.file_id    = any(file_ids);
  get diagnostics detached = row_count;
  return json_build_object('detached', detached);
end
$body$;


-- Holds files for a reason, such as a legal matter: they stay and cannot be erased. Each reason is a hold of its own.
create function @schema@.hold(file_ids uuid[], reason text) returns json
  language sql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
  select @schema@.attach_reserved(file_ids, 'registry:hold', reason, 'hold')
$body$;


-- Releases the hold of this reason, or every hold where reason is null.
create function @schema@.release(file_ids uuid[], reason text) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  detached integer;
begin
  delete from @schema@.file_references r
   where r.owner_type = 'registry:hold'
     and r.file_id    = any(file_ids)
     and (r.owner_id = release.reason or release.reason is null);
  get diagnostics detached = row_count;
  return json_build_object('detached', detached);
end
$body$;


-- Puts back the references that pending intents remember: of these files, of this owner, or of both together. An owner's slot
-- that is null means all slots. Protection and holds are not put back, whoever ended them meant it; nor is a rendition whose
-- original is gone or is now made from it; nor what follows a guarded column, which names the file itself where it should be
-- held. Of two renditions by one spec the one that was let go last is put back, and of renditions that would hold each other the
-- same. The intents stay, the processor drops them when it sees the references.
-- Locks: KEY SHARE on the file rows and on the originals that held them, in the order of their ids, so that none is condemned
-- in between.
create function @schema@.restore(file_ids uuid[], owner_type text, owner_id text, slot text) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  wanted    uuid[] := file_ids;
  originals uuid[];
  held      uuid[];
  rendition record;
  restored  integer;
begin
  if wanted is null then
    wanted := array(
      select distinct o.file_id
        from @schema@.deletion_outbox o
       where o.owner_type = restore.owner_type
         and o.owner_id   = restore.owner_id
         and (o.slot = restore.slot or restore.slot is null));
  end if;

  originals := array(
    select distinct o.owner_id::uuid
      from @schema@.deletion_outbox o
     where o.file_id = any(wanted)
       and o.owner_type = 'file');

  held := array(select f.id from @schema@.files f where f.id = any(wanted || originals) order by f.id for key share);
  if file_ids is not null and not held @> file_ids then
    return @schema@.explain_missing(file_ids);
  end if;

  insert into @schema@.file_references (file_id, owner_type, owner_id, slot)
  select distinct o.file_id, o.owner_type, o.owner_id, o.slot
    from @schema@.deletion_outbox o
   where o.file_id = any(held)
     and o.file_id = any(wanted)
     and o.owner_type <> 'file'
     and not starts_with(o.owner_type, 'registry:')
     and not exists (select
                       from @schema@.tracked_columns t
                      where t.owner_type = o.owner_type
                        and t.slot       = o.slot
                        and t.guarded)
     and (o.owner_type = restore.owner_type or restore.owner_type is null)
     and (o.owner_id   = restore.owner_id   or restore.owner_id   is null)
     and (o.slot       = restore.slot       or restore.slot       is null)
   order by o.owner_type, o.owner_id, o.slot, o.file_id
      on conflict do nothing;
  get diagnostics restored = row_count;

  -- One by one, as each that is put back decides about the next.
  for rendition in
    select o.file_id, o.owner_id, o.slot
      from @schema@.deletion_outbox o
     where o.file_id = any(held)
       and o.file_id = any(wanted)
       and o.owner_type = 'file'
       and (restore.owner_type = 'file'           or restore.owner_type is null)
       and (o.owner_id         = restore.owner_id or restore.owner_id   is null)
       and (o.slot             = restore.slot     or restore.slot       is null)
       and o.owner_id = any(held::text[])
     order by o.noted_at desc, o.seq desc
  loop
    perform @schema@.require_fresh_snapshot('renditions can be restored');

    insert into @schema@.file_references (file_id, owner_type, owner_id, slot)
    select rendition.file_id, 'file', rendition.owner_id, rendition.slot
     where rendition.owner_id <> all(@schema@.family_of(array[rendition.file_id])::text[])
        on conflict do nothing;
    if found then
      restored := restored + 1;
    end if;
  end loop;
  return json_build_object('restored', restored);
end
$body$;


-- The files and everything made from them, at any depth.
create function @schema@.family_of(file_ids uuid[]) returns uuid[]
  language sql stable security definer set search_path = pg_catalog, pg_temp
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $body$
  with recursive family (id) as (
    select unnest(file_ids)
     union
    select r.file_id
      from family f
      join @schema@.file_references r on r.holder_id = f.id
  )
  select array_agg(f.id order by f.id) from family f
$body$;


-- Erases files at once: every reference, protection included, the rows, and all renditions, whoever else holds them. The
-- bytes go after the commit, without a grace period. Refused, with nothing changed, while a hold is on any of them. Files
-- that are condemned already count as erased.
-- Locks: FOR UPDATE on the file rows, in the order of their ids: waits for transactions that are attaching them. Once an
-- original is locked no rendition can be added to it, so the family is gathered until it grows no more. Then the references,
-- in the order of their key. A reference that only a newer snapshot shows is a serialization failure: run it again.
create function @schema@.erase(file_ids uuid[], redact boolean) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  unknown json := @schema@.explain_missing(file_ids);
  family  uuid[] := @schema@.family_of(file_ids);
  grown   uuid[];
  held    json;
  erased  json;
  violated text;
begin
  if json_array_length(unknown -> 'missing') > 0 then
    return json_build_object('missing', unknown -> 'missing', 'condemned', '[]'::json);
  end if;

  for depth in 1 .. 17 loop
    perform from @schema@.files f where f.id = any(family) order by f.id for update;
    grown := @schema@.family_of(family);
    exit when grown <@ family;
    family := grown;
  end loop;

  select json_agg(distinct r.file_id) into held
    from @schema@.file_references r
   where r.file_id    = any(family)
     and r.owner_type = 'registry:hold';
  if held is not null then
    return json_build_object('held', held);
  end if;

  perform
     from @schema@.file_references r
    where r.file_id = any(family)
    order by r.owner_type, r.owner_id, r.slot, r.file_id
      for update;

  delete from @schema@.file_references r where r.file_id = any(family);

  insert into @schema@.deletion_outbox (file_id, reason)
  select f.id, 'erased' from @schema@.files f where f.id = any(family);

  begin
    with gone as (
      delete from @schema@.files f where f.id = any(family) returning f.id, f.storage, f.key, f.version_id
    )
    select json_agg(json_build_object('id', g.id, 'storage', g.storage, 'key', g.key, 'versionId', g.version_id,
                                      'rendition', g.id <> all(file_ids)) order by g.id)
      into erased
      from gone g;
  exception when foreign_key_violation or restrict_violation then -- the latter since PostgreSQL 18
    get stacked diagnostics violated = constraint_name;
    if violated <> 'file_references_file_id_fkey' then
      raise;
    end if;
    raise exception using
      errcode = 'serialization_failure',
      message = 'a file was attached or held after this transaction had begun',
      hint    = 'Run the whole transaction again.';
  end;

  if redact then
    perform @schema@.redact(family);
  end if;
  return json_build_object('erased', coalesce(erased, '[]'));
end
$body$;


-- Lets files go now that nobody attached since they were stored, such as an upload that was refused after it had arrived; answers
-- how many. A file with a reference stays, and so does one that was ever detached: its grace period is a promise.
-- Locks: FOR UPDATE on the file rows, never waiting. A file that a transaction is attaching at this moment stays; if that is
-- rolled back, the file goes once it has waited for its time.
create function @schema@.discard(file_ids uuid[]) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  free      uuid[];
  discarded integer;
begin
  perform @schema@.require_fresh_snapshot('a file can be discarded');

  free := array(
    select f.id from @schema@.files f where f.id = any(file_ids) order by f.id for update skip locked);

  delete from @schema@.files f
   where f.id = any(free)
     and not exists (select from @schema@.file_references r where r.file_id = f.id)
     and not exists (select from @schema@.deletion_outbox o where o.file_id = f.id and o.reason <> 'stored');
  get diagnostics discarded = row_count;
  return json_build_object('discarded', discarded);
end
$body$;


-- Takes owners' ids and the uploaded file's name out of deletions and their receipts; answers how many it changed. The key
-- stays, it is what proves which bytes went.
create function @schema@.redact(file_ids uuid[]) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  redacted integer;
begin
  update @schema@.deletions d
     set filename    = null,
         last_owners = (select coalesce(jsonb_agg(o.owner || '{"id": null}'), '[]')
                          from jsonb_array_elements(d.last_owners) as o(owner))
   where d.file_id = any(file_ids)
     and d.state in ('condemned', 'deleted');
  get diagnostics redacted = row_count;
  return json_build_object('redacted', redacted);
end
$body$;


-- Registers an object that lies in storage already. Null when its key is taken: by a file, by a deletion that is still to
-- come, by a receipt of an earlier adoption, or as the temporary file of an upload, which goes with the upload whenever that is
-- given up. Whether the object is there was asked of the storage before.
create function @schema@.adopt(
  file_id uuid, storage text, key text, version_id text, filename text, content_type text, size bigint, checksum bytea,
  metadata jsonb
) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  file @schema@.files;
begin
  if adopt.key ~ '(^|/)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}[^/]*[.]part$' then
    return null;
  end if;

  insert into @schema@.files (id, storage, key, version_id, filename, content_type, size, checksum, metadata)
  values (adopt.file_id, adopt.storage, adopt.key, adopt.version_id, adopt.filename, adopt.content_type, adopt.size,
          adopt.checksum, adopt.metadata)
  returning * into file;
  return @schema@.file_json(file);
exception when unique_violation then
  return null;
end
$body$;


-- Everything that is known of a file: who holds it, which intents wait, what became of it.
create function @schema@.facts_of(file_id uuid, policies jsonb) returns json
  language sql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
  select json_build_object(
    'now', clock_timestamp(),
    'pausedAt', (select s.paused_at from @schema@.settings s),
    'foreign', (select coalesce(s.identity - 'environment' <> @schema@.current_identity(null) - 'environment', false)
                  from @schema@.settings s),
    'file', (select @schema@.file_json(f) from @schema@.files f where f.id = facts_of.file_id),
    'refCount', (select count(*) from @schema@.file_references r where r.file_id = facts_of.file_id),
    'references', (
      select coalesce(json_agg(json_build_object('type', r.owner_type, 'id', r.owner_id, 'slot', r.slot,
                                                 'attachedAt', r.attached_at)), '[]')
        from (select r.*
                from @schema@.file_references r
               where r.file_id = facts_of.file_id
               order by r.owner_type, r.owner_id, r.slot
               limit 10) r),
    'intents', (
      select coalesce(json_agg(json_build_object('reason', o.reason, 'notedAt', o.noted_at,
                                                 'dueAt', o.noted_at + p."periodMs" * interval '1 millisecond',
                                                 'type', o.owner_type, 'id', o.owner_id, 'slot', o.slot)
                               order by o.noted_at desc, o.seq desc), '[]')
        from (select o.*
                from @schema@.deletion_outbox o
               where o.file_id = facts_of.file_id
               order by o.noted_at desc, o.seq desc
               limit 10) o
        left join jsonb_to_recordset(policies) as p(reason text, "periodMs" bigint) on p.reason = o.reason),
    'deletion', (
      select json_build_object('state', d.state, 'storage', d.storage, 'key', d.key, 'reason', d.reason,
                               'condemnedAt', d.condemned_at,
                               'nextAttemptAt', nullif(d.next_attempt_at, 'infinity'),
                               'leased', d.lease_token is not null and d.next_attempt_at > clock_timestamp(),
                               'stuck', coalesce(d.next_attempt_at = 'infinity', false),
                               'attempts', d.attempts, 'lastError', d.last_error, 'deletedAt', d.deleted_at,
                               'lastOwners', d.last_owners)
        from @schema@.deletions d
       where d.file_id = facts_of.file_id))
$body$;
