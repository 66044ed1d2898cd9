-- Operations: pausing, whose bytes these are, and checking the laws over the data.

-- Which database this is. A copy on another server, or beside the original, has another identity; a copy of the whole disk
-- does not, which is what the name of the environment is for. Some hosted servers hide the system's identifier: asked in a
-- statement of its own, as the privilege is checked before a CASE is evaluated.
create function @schema@.current_identity(environment text) returns jsonb
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  system_identifier text;
begin
  if has_function_privilege('pg_control_system()', 'execute') then
    select s.system_identifier::text into system_identifier from pg_control_system() s;
  end if;

  return jsonb_build_object(
           'systemIdentifier', system_identifier,
           'databaseOid', (select d.oid::bigint from pg_database d where d.datname = current_database()),
           'environment', environment);
end
$body$;


-- Why nothing may be deleted now: 'paused', 'foreign', or null. The first processor of a new registry makes it its own. An
-- environment that is null, here or in the settings, is not compared; the first that is named is kept. A system identifier that
-- was hidden and is shown now, or the other way round, cannot be told from another server's: foreign.
-- Locks: the settings' row, when something is written to it for the first time. Somebody who holds it longer than lock_timeout
-- is about to pause the processors or to change the identity, so nothing is deleted meanwhile.
create function @schema@.obstacle(environment text) returns text
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  settings @schema@.settings;
  actual   jsonb;
begin
  for attempt in 1 .. 3 loop
    select * into settings from @schema@.settings;
    if settings.paused_at is not null then
      return 'paused';
    end if;

    actual := @schema@.current_identity(coalesce(obstacle.environment, settings.identity ->> 'environment'));
    if settings.identity = actual then
      return null;
    end if;
    if settings.identity is not null and settings.identity <> jsonb_set(actual, '{environment}', 'null') then
      return 'foreign';
    end if;

    -- Whoever is second to name the identity looks again: the first may have named another environment.
    begin
      update @schema@.settings s
         set identity = actual
       where s.identity is not distinct from settings.identity
         and s.paused_at is null;
      if found then
        return null;
      end if;
    exception when lock_not_available then
      return 'paused';
    end;
  end loop;
  return 'paused';
end
$body$;


-- Stops every processor before its next batch. Answers since when; pausing again changes nothing.
create function @schema@.pause() returns json
  language sql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
  update @schema@.settings s
     set paused_at = coalesce(s.paused_at, clock_timestamp())
  returning json_build_object('pausedAt', s.paused_at)
$body$;


-- Lets the processors go on; answers whether they were paused.
create function @schema@.resume() returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
begin
  update @schema@.settings s set paused_at = null where s.paused_at is not null;
  return found;
end
$body$;


-- Says that the bytes the rows speak of are this database's own, after a move or a restore that replaced the original. Never
-- for a copy beside it: its processor would delete the original's files.
create function @schema@.take_ownership(environment text) returns json
  language sql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
  update @schema@.settings s
     set identity = @schema@.current_identity(environment)
  returning s.identity::json
$body$;


-- The laws over a page of files, behind the given one: what only a privileged hand can have broken. Answers with the last id,
-- null when the page was the last one, and a list of { "law", "fileId", "problem" }.
create function @schema@.verify_files(after_id uuid, page_size integer) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  with page as materialized (
    select f.*
      from @schema@.files f
     where f.id > after_id
     order by f.id
     limit page_size
  ), problems as (
    select 2 as law, p.id as file_id, 'has neither a reference nor an intent, and would stay for ever' as problem
      from page p
     where not exists (select from @schema@.file_references r where r.file_id = p.id)
       and not exists (select from @schema@.deletion_outbox o where o.file_id = p.id)
     union all
    select 3, p.id, format('is a file and is %s in deletions', d.state)
      from page p
      join @schema@.deletions d on d.file_id = p.id
     union all
    select 6, p.id, 'was adopted, but its key is not kept in adopted_keys'
      from page p
     where not @schema@.is_generated_key(p.id, p.key)
       and not exists (select from @schema@.adopted_keys a where a.storage = p.storage and a.key = p.key)
  )
  select json_build_object(
           'checked',  (select count(*) from page),
           'last',     (select case when count(*) = page_size then max(p.id::text collate "C") end from page p),
           'problems', (select coalesce(json_agg(json_build_object('law', x.law, 'fileId', x.file_id, 'problem', x.problem)), '[]')
                          from problems x))
$body$;


-- The same over a page of references.
create function @schema@.verify_references(
  after_type text, after_id text, after_slot text, after_file uuid, page_size integer
) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  with page as materialized (
    select r.*
      from @schema@.file_references r
     where (r.owner_type, r.owner_id, r.slot, r.file_id)
           > (after_type collate "C", after_id collate "C", after_slot collate "C", after_file)
     order by r.owner_type, r.owner_id, r.slot, r.file_id
     limit page_size
  ), problems as (
    select p.file_id, format('is held by %s/%s/%s and is no file', p.owner_type, p.owner_id, p.slot) as problem
      from page p
     where not exists (select from @schema@.files f where f.id = p.file_id)
     union all
    select p.file_id, format('is held by the original %s, which is no file', p.holder_id)
      from page p
     where p.holder_id is not null
       and not exists (select from @schema@.files f where f.id = p.holder_id)
     union all
    select p.file_id, format('was made from %s and would not go with it, as its holder_id says otherwise', p.owner_id)
      from page p
     where (p.owner_type = 'file' or p.holder_id is not null)
       and p.holder_id::text is distinct from p.owner_id
  )
  select json_build_object(
           'checked',  (select count(*) from page),
           'last',     (select case when count(*) over () = page_size then
                                 json_build_object('type', p.owner_type, 'id', p.owner_id, 'slot', p.slot, 'fileId', p.file_id)
                               end
                          from page p
                         order by p.owner_type desc, p.owner_id desc, p.slot desc, p.file_id desc
                         limit 1),
           'problems', (select coalesce(json_agg(json_build_object('law', 1, 'fileId', x.file_id, 'problem', x.problem)), '[]')
                          from problems x))
$body$;


-- The same over a page of deletions.
create function @schema@.verify_deletions(after_id uuid, page_size integer) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  with page as materialized (
    select d.*
      from @schema@.deletions d
     where d.file_id > after_id
     order by d.file_id
     limit page_size
  ), problems as (
    select 3 as law, p.file_id, format('is due to be deleted, and its key is that of file %s', f.id) as problem
      from page p
      join @schema@.files f on f.storage = p.storage and f.key = p.key
     where p.state <> 'deleted'
     union all
    select 6, p.file_id, 'was adopted, but its key is not kept in adopted_keys until its receipt is pruned'
      from page p
     where not @schema@.is_generated_key(p.file_id, p.key)
       and not exists (select from @schema@.adopted_keys a where a.storage = p.storage and a.key = p.key)
  )
  select json_build_object(
           'checked',  (select count(*) from page),
           'last',     (select case when count(*) = page_size then max(p.file_id::text collate "C") end from page p),
           'problems', (select coalesce(json_agg(json_build_object('law', x.law, 'fileId', x.file_id, 'problem', x.problem)), '[]')
                          from problems x))
$body$;


-- A page of the owners of one type, so that those whose record is gone can be found beside the application's table.
create function @schema@.owners_of_type(owner_type text, after_id text, page_size integer) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select coalesce(json_agg(p.owner_id order by p.owner_id), '[]')
    from (select distinct r.owner_id
            from @schema@.file_references r
           where r.owner_type = owners_of_type.owner_type
             and r.owner_id > (after_id collate "C")
           order by r.owner_id
           limit page_size) p
$body$;
