-- The laws, as triggers: they hold whoever writes the SQL. Only who may disable triggers can go round them
-- (session_replication_role = replica, logical apply).

create function @schema@.refuse() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $body$
begin
  raise exception using
    errcode = 'restrict_violation',
    message = format('%s of %I.%I is refused: %s', tg_op, tg_table_schema, tg_table_name, tg_argv[0]),
    hint    = tg_argv[1];
end
$body$;


-- Whoever may execute the functions could hang the triggers on a table of his own, whose column types would bring casts, and
-- so code of his, to run as the owner (shown). Called before a trigger reads any row. Both sides of the comparison are
-- quoted names, so that it holds whatever quote_all_identifiers says.
create function @schema@.require_own_table(table_schema name) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $body$
begin
  if format('%I.%I', table_schema, 'files') <> pg_typeof(null::@schema@.files)::text then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'the triggers of the registry belong to its own tables',
      hint    = 'Drop the trigger.';
  end if;
end
$body$;


-- Above READ COMMITTED a snapshot may be older than what others did since: a reference that it shows may be dropped, a file
-- that it does not show may have begun. What decides by looking is refused there.
create function @schema@.require_fresh_snapshot(what text) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $body$
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception using
      errcode = 'feature_not_supported',
      message = what || ' in READ COMMITTED only',
      hint    = 'Begin the transaction with isolation level READ COMMITTED.';
  end if;
end
$body$;


-- Law 2, no reference disappears without an intent. The rendition of an original that went has no period of its own, hence
-- the reason of its own, unless it waits for one already: what an application let go before keeps its grace period, which begins
-- again. A settle has dropped what is due of such intents before it condemns the original. Locks: none but the new rows'.
create function @schema@.note_detached() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $body$
begin
  -- What the function asks is asked here first: as a call it would be a tenth of a detach.
  if format('%I.%I', tg_table_schema, 'files') <> pg_typeof(null::@schema@.files)::text then
    perform @schema@.require_own_table(tg_table_schema);
  end if;

  insert into @schema@.deletion_outbox (file_id, reason, owner_type, owner_id, slot)
  select g.file_id,
         case
           when g.holder_id is null then 'detached'
           when exists (select from @schema@.files f where f.id = g.holder_id) then 'detached'
           when exists (select from @schema@.deletion_outbox o where o.file_id = g.file_id and o.reason = 'detached') then 'detached'
           else 'original'
         end,
         g.owner_type, g.owner_id, g.slot
    from gone g;
  return null;
end
$body$;

create trigger note_detached after delete on @schema@.file_references
  referencing old table as gone
  for each statement execute function @schema@.note_detached();

create trigger refuse_update before update on @schema@.file_references
  for each statement execute function @schema@.refuse('a reference is made and dropped, never changed', 'Call detach, then attach.');


-- Law 2, no file begins without an intent; law 6, an adopted key is busy until its receipt is pruned; law 3, an id is never
-- in files and in deletions at once, so that a file that went cannot come back. Needs the fresh snapshots of READ COMMITTED.
-- Locks: the new rows'. Whoever takes several kinds takes them in this order, so that nobody waits in a circle: rows of
-- deletions, then new rows of files, then rows of adopted_keys.
create function @schema@.begin_files() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  condemned uuid;
begin
  perform @schema@.require_own_table(tg_table_schema);
  perform @schema@.require_fresh_snapshot('a file can begin');

  select b.id into condemned
    from begun b
    join @schema@.deletions d on d.file_id = b.id
   limit 1;

  if found then
    raise exception using
      errcode = 'restrict_violation',
      message = format('file %s is in deletions and cannot be a file', condemned),
      hint    = 'Store the content again; the new file has an id of its own.';
  end if;

  insert into @schema@.adopted_keys (storage, key)
  select b.storage, b.key
    from begun b
   where not @schema@.is_generated_key(b.id, b.key);

  -- Whoever ordered a deletion of a reserved key by hand has made it a busy one.
  perform
     from begun b
     join @schema@.adopted_keys a on a.storage = b.storage and a.key = b.key
    where @schema@.is_generated_key(b.id, b.key);

  if found then
    raise exception using
      errcode = 'restrict_violation',
      message = 'the bytes of the upload are due to be deleted',
      hint    = 'Store the content again.';
  end if;

  -- A key that was generated for another file may be adopted only when that file is not about to lose its bytes. Who gives it up
  -- at this moment has locked the key above, and is seen here.
  perform
     from begun b
     join @schema@.deletions d on d.storage = b.storage and d.key = b.key
    where not @schema@.is_generated_key(b.id, b.key)
      and d.state <> 'deleted'
      and d.file_id = case
                        when split_part(b.key, '/', -1) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
                        then left(split_part(b.key, '/', -1), 36)::uuid
                      end;

  if found then
    raise exception using
      errcode = 'unique_violation',
      message = 'a key that is still to be deleted cannot be adopted',
      hint    = 'Wait until its deletion is complete.';
  end if;

  insert into @schema@.deletion_outbox (file_id, reason)
  select b.id, 'stored'
    from begun b;
  return null;
end
$body$;

create trigger begin_files after insert on @schema@.files
  referencing new table as begun
  for each statement execute function @schema@.begin_files();

-- Which version of its key goes with a file; null for all of them. A client that uploads by itself, whose bytes nobody has read,
-- may have written the key more than once, and until it is gone no other file has it. To look at each deletion for
-- more versions would cost calls for each file where one does for a thousand.
create function @schema@.version_to_delete(id uuid, key text, version_id text, checksum bytea) returns text
  language sql immutable parallel safe
  return case when checksum is null and @schema@.is_generated_key(id, key) then null else version_id end;


-- A file never changes what it is. It changes where it is only when it moves: to a key that is reserved, where its bytes have been
-- copied to; the reservation becomes the deletion of the bytes that it leaves behind, so that no byte is without a row in
-- between. Either key names another id than its file's, so both are watched as adopted ones; the new one must be free.
-- Locks: the reservation's row, which decides against the processor's claim.
create function @schema@.guard_files() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  reservation uuid;
begin
  perform @schema@.require_own_table(tg_table_schema);

  if new.id = old.id and split_part(new.key, '/', -1) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' then
    delete from @schema@.deletions d
     where d.file_id = left(split_part(new.key, '/', -1), 36)::uuid
       and d.storage = new.storage
       and d.key     = new.key
       and d.state   = 'reserved'
       and d.terms is null
    returning d.file_id into reservation;
  end if;
  if reservation is null then
    raise exception using
      errcode = 'restrict_violation',
      message = format('update of file %s is refused: a file never changes its id, storage, key or version', old.id),
      hint    = 'Store the content again, or move the file.';
  end if;

  insert into @schema@.adopted_keys (storage, key)
  values (new.storage, new.key);
  insert into @schema@.deletions (file_id, storage, key, version_id, size, reason, state, last_owners)
  values (reservation, old.storage, old.key,
          @schema@.version_to_delete(old.id, old.key, old.version_id, old.checksum), old.size, 'moved', 'condemned',
          jsonb_build_array(jsonb_build_object('type', 'file', 'id', old.id, 'slot', 'moved',
                                               'detachedAt', clock_timestamp())));
  return null;
end
$body$;

create trigger guard_files after update on @schema@.files
  for each row
  when (   old.id         is distinct from new.id
        or old.storage    is distinct from new.storage
        or old.key        is distinct from new.key
        or old.version_id is distinct from new.version_id)
  execute function @schema@.guard_files();


-- Law 3, no file row disappears without its bytes being due. The file's intents end here and live on as last_owners. A settle
-- that is about to delete the bytes itself says so in a setting of its transaction and finds them leased, which saves the write
-- of a claim, a fifth of what a file costs. Whoever else sets it delays a deletion by a lease's greatest length, or sets it to
-- something that cannot be read, which is nobody's lease.
-- Locks: intents that another settle holds are skipped, it drops them itself when it finds the file gone; waiting for it
-- could deadlock, as it may wait for intents of ours. The settings keep a plan that was made for small tables, or for a single
-- file, from comparing each file with each intent.
create function @schema@.condemn_files() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  set enable_seqscan = off set enable_nestloop = off set enable_hashjoin = on
as $body$
declare
  lease        jsonb;
  lease_token  uuid;
  lease_end    timestamptz;
  now_due      timestamptz := clock_timestamp();
  intents      tid[];
begin
  perform @schema@.require_own_table(tg_table_schema);

  begin
    lease       := nullif(current_setting('file_registry.lease', true), '');
    lease_token := lease ->> 'token';
    lease_end   := now_due + least((lease ->> 'ms')::bigint, 3600000) * interval '1 millisecond';
  exception when data_exception then
    lease := null;
  end;

  intents := array(
    select o.ctid
      from @schema@.deletion_outbox o
     where o.file_id = any(array(select g.id from gone g))
       for update skip locked);

  -- Of a file that millions let go, the last hundred owners are remembered.
  with noted as materialized (
    select o.file_id,
           (array_agg(o.reason order by o.noted_at desc, o.seq desc))[1] as reason,
           jsonb_agg(jsonb_object('{type, id, slot, detachedAt}',
                                  array[o.owner_type, o.owner_id, o.slot, to_json(o.noted_at) #>> '{}'])
                     order by o.recency desc) filter (where o.owner_type is not null) as owners
      from (select o.*, row_number() over (partition by o.file_id, o.owner_type is null
                                               order by o.noted_at desc, o.seq desc) as recency
              from @schema@.deletion_outbox o
             where o.file_id = any(array(select g.id from gone g))) o
     where o.recency <= 100
     group by o.file_id
  )
  insert into @schema@.deletions (file_id, storage, key, version_id, filename, size, reason, state, last_owners,
                                  condemned_at, next_attempt_at, lease_token, attempts)
  select g.id, g.storage, g.key, @schema@.version_to_delete(g.id, g.key, g.version_id, g.checksum), g.filename, g.size,
         coalesce(n.reason, 'direct'),
         'condemned',
         coalesce(n.owners, '[]'),
         now_due,
         case when leased.here then lease_end else now_due end,
         case when leased.here then lease_token end,
         case when leased.here then 1 else 0 end
    from gone g
   cross join lateral (select coalesce(lease -> 'storages' ? g.storage, false) as here) leased
    left join noted n on n.file_id = g.id;

  delete from @schema@.deletion_outbox o where o.ctid = any(intents);
  return null;
end
$body$;

create trigger condemn_files after delete on @schema@.files
  referencing old table as gone
  for each statement execute function @schema@.condemn_files();


-- Law 2 for the outbox itself: an intent may go when its file is gone or referenced. Whoever removes the last reference
-- writes an intent of his own, so a visible reference is enough. Relying on another intent is not, unless that one is
-- locked: two sessions could each drop one and rely on the other's (shown to leak). Neither is a reference that only an old
-- snapshot shows: its removal, and the end of the intent it noted, may both have happened since (shown to leak). Above READ
-- COMMITTED only intents of condemned files go, as this transaction condemned them itself.
-- The settings keep an erase above READ COMMITTED from reading all receipts, as condemn_files' own would have it.
-- Locks: KEY SHARE on the other intents of files that have neither reference nor deletion; none are waited for.
create function @schema@.guard_outbox() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  set enable_seqscan = off set enable_nestloop = on set enable_hashjoin = off set enable_mergejoin = off
as $body$
declare
  open_ids uuid[];
  kept_ids uuid[];
begin
  perform @schema@.require_own_table(tg_table_schema);
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    perform @schema@.require_fresh_snapshot('intents of a file that is not condemned can be dropped')
      where exists (select
                      from gone g
                     where not exists (select from @schema@.deletions d where d.file_id = g.file_id));
  end if;

  -- Mostly the files are condemned, and that is all there is to ask.
  open_ids := array(
    select f.id
      from @schema@.files f
     where f.id = any(array(select g.file_id from gone g)));
  if open_ids <> '{}' then
    open_ids := array(
      select f.id
        from unnest(open_ids) as f(id)
       where not exists (select from @schema@.file_references r where r.file_id = f.id));
  end if;
  if open_ids = '{}' then
    return null;
  end if;

  select array_agg(distinct o.file_id) into kept_ids
    from (select o.file_id
            from @schema@.deletion_outbox o
           where o.file_id = any(open_ids)
             for key share skip locked) o;

  if kept_ids @> open_ids then
    return null;
  end if;

  raise exception using
    errcode = 'restrict_violation',
    message = format('the intents of %s file(s) without a reference cannot be dropped', cardinality(open_ids)),
    hint    = 'Attach the file, or let the processor settle it.';
end
$body$;

create trigger guard_outbox after delete on @schema@.deletion_outbox
  referencing old table as gone
  for each statement execute function @schema@.guard_outbox();

create trigger refuse_update before update on @schema@.deletion_outbox
  for each statement execute function @schema@.refuse('an intent is a fact', 'Change the periods of the processor instead.');


create trigger refuse_truncate before truncate on @schema@.files
  for each statement execute function @schema@.refuse('its bytes would stay for ever', 'Detach the files.');
create trigger refuse_truncate before truncate on @schema@.file_references
  for each statement execute function @schema@.refuse('no intent would be noted', 'Delete the rows.');
create trigger refuse_truncate before truncate on @schema@.deletion_outbox
  for each statement execute function @schema@.refuse('its files would stay for ever', 'Let the processor settle them.');
create trigger refuse_truncate before truncate on @schema@.settings
  for each statement execute function @schema@.refuse('the processor reads it', 'Update the row.');
create trigger refuse_delete before delete on @schema@.settings
  for each statement execute function @schema@.refuse('the processor reads it', 'Update the row.');
