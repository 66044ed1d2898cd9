-- The laws of deletions and of adopted keys, as triggers.

-- Locks a key against being adopted until the transaction ends, and waits for whoever is adopting it: by its place in the index of
-- adopted_keys, which adopting takes, too. Unlike advisory locks, places in an index are as many as a transaction wants. Runs as its
-- caller, so that nobody but the triggers gets past the tables' privileges with it.
create function @schema@.lock_key(storage text, key text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $body$
begin
  insert into @schema@.adopted_keys (storage, key)
  values (lock_key.storage, lock_key.key)
      on conflict do nothing;
  if found then
    delete from @schema@.adopted_keys a
     where a.storage = lock_key.storage
       and a.key     = lock_key.key;
  end if;
end
$body$;


-- Law 3 for pending deletions: nothing that is a file may be due to go, whoever says so. A generated key names one file, so
-- its id is enough to look for, unless another file adopted that key. A key that was adopted becomes busy, if it is not yet,
-- so that an adoption at the same moment waits for us. What is not condemned by its file's end needs the fresh snapshots of
-- READ COMMITTED. Without the setting, an upload's plan for a small table would read a large one for a whole batch, 371 ms.
-- Locks: the new rows'. What is ordered by hand waits for whoever is finishing the upload whose key it names (SHARE on that one's
-- row), then for whoever is adopting its own key. A reservation has no need to, nobody knows its key yet.
create function @schema@.guard_new_deletions() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
as $body$
begin
  perform @schema@.require_own_table(tg_table_schema);
  if pg_trigger_depth() = 1 then
    perform @schema@.require_fresh_snapshot('a deletion can be ordered');

    if exists (select from due d where d.state <> 'reserved') then
      perform
         from due d
         join @schema@.deletions u on u.file_id = case
                                                    when split_part(d.key, '/', -1) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
                                                    then left(split_part(d.key, '/', -1), 36)::uuid
                                                  end
        where not @schema@.is_generated_key(d.file_id, d.key)
        order by u.file_id
          for share of u;

      perform @schema@.lock_key(d.storage, d.key)
         from (select * from due order by storage, key) d
        where @schema@.is_generated_key(d.file_id, d.key)
          and (select true from @schema@.files f where f.id = d.file_id) is null;
    end if;
  end if;

  insert into @schema@.adopted_keys (storage, key)
  select d.storage, d.key
    from due d
   where not @schema@.is_generated_key(d.file_id, d.key)
      on conflict do nothing;

  perform from @schema@.files f where f.id = any(array(select d.file_id from due d));

  if not found then
    -- As scalar subqueries these stay lookups by key, whatever the planner believes of the tables' sizes; the smaller one first.
    perform
       from due d
      where case
              when (select true from @schema@.adopted_keys a where a.storage = d.storage and a.key = d.key)
              then (select true from @schema@.files f where f.storage = d.storage and f.key = d.key)
            end;
  end if;

  if found then
    raise exception using
      errcode = 'restrict_violation',
      message = 'the bytes of a file cannot be due to go',
      hint    = 'Detach the file; the processor deletes its bytes when the last reference is gone.';
  end if;
  return null;
end
$body$;

create trigger guard_new_deletions after insert on @schema@.deletions
  referencing new table as due
  for each statement execute function @schema@.guard_new_deletions();


-- Laws 3 and 4: a pending deletion goes only by becoming the file of its id, or, inside guard_files, the new place of one that
-- moves. Locks: none.
create function @schema@.guard_deletions() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $body$
begin
  perform @schema@.require_own_table(tg_table_schema);

  perform
     from gone g
     left join @schema@.files f on f.storage = g.storage and f.key = g.key and (f.id = g.file_id or pg_trigger_depth() > 1)
    where g.state <> 'deleted'
      and (f.id is null or g.state <> 'reserved');

  if found then
    raise exception using
      errcode = 'restrict_violation',
      message = 'a pending deletion cannot be dropped, its bytes would stay for ever',
      hint    = 'Let the processor delete the bytes; receipts may be pruned.';
  end if;
  return null;
end
$body$;

create trigger guard_deletions after delete on @schema@.deletions
  referencing old table as gone
  for each statement execute function @schema@.guard_deletions();

-- The states of a deletion. The one way back, from deleted to abandoned, is for an upload whose stalled write landed late.
create trigger refuse_update before update on @schema@.deletions
  for each row
  when (   old.file_id    is distinct from new.file_id
        or old.storage    is distinct from new.storage
        or old.key        is distinct from new.key
        or old.version_id is distinct from new.version_id
        or (    old.state <> new.state
            and (old.state, new.state) not in (('reserved',  'abandoned'),
                                               ('abandoned', 'deleted'),
                                               ('condemned', 'deleted'))
            and not (old.state = 'deleted' and new.state = 'abandoned' and old.reason = 'upload')))
  execute function @schema@.refuse('a deletion goes from reserved to abandoned to deleted, or from condemned to deleted',
                                   'Let the processor do its work.');

-- Law 3 for the way back: in the meantime the object may have been adopted as another file. Needs the fresh snapshots of
-- READ COMMITTED. Locks: the key, against being adopted at this moment.
create function @schema@.guard_late_writes() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $body$
begin
  perform @schema@.require_own_table(tg_table_schema);
  perform @schema@.require_fresh_snapshot('an upload can be abandoned again');

  perform @schema@.lock_key(new.storage, new.key);
  perform from @schema@.files f where f.storage = new.storage and f.key = new.key;

  if found then
    raise exception using
      errcode = 'restrict_violation',
      message = format('the bytes of the upload %s were adopted as another file', new.file_id),
      hint    = 'Detach the file; the processor deletes its bytes when the last reference is gone.';
  end if;
  return null;
end
$body$;

create trigger guard_late_writes after update on @schema@.deletions
  for each row
  when (old.state = 'deleted' and new.state = 'abandoned')
  execute function @schema@.guard_late_writes();


-- Law 6: an adopted key stays busy while it is a file, pending or has a receipt. Locks: none.
create function @schema@.guard_adopted_keys() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $body$
begin
  perform @schema@.require_own_table(tg_table_schema);

  perform from gone g join @schema@.files f on f.storage = g.storage and f.key = g.key;

  if not found then
    perform
       from gone g
       join @schema@.deletions d on d.storage = g.storage and d.key = g.key
      where not @schema@.is_generated_key(d.file_id, d.key);
  end if;

  if found then
    raise exception using
      errcode = 'restrict_violation',
      message = 'an adopted key is busy until the receipt of its deletion is pruned',
      hint    = 'Receipts are pruned by the processor after their retention.';
  end if;
  return null;
end
$body$;

create trigger guard_adopted_keys after delete on @schema@.adopted_keys
  referencing old table as gone
  for each statement execute function @schema@.guard_adopted_keys();

create trigger refuse_update before update on @schema@.adopted_keys
  for each statement execute function @schema@.refuse('an adopted key is a fact', 'Nothing needs to be done.');


create trigger refuse_truncate before truncate on @schema@.deletions
  for each statement execute function @schema@.refuse('its bytes would stay for ever', 'Let the processor delete them.');
create trigger refuse_truncate before truncate on @schema@.adopted_keys
  for each statement execute function @schema@.refuse('a key could be used twice', 'Nothing needs to be done.');
