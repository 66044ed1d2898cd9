-- Deleting the bytes: claim, complete or fail, and what becomes of the receipts.

-- Leases a batch of due deletions of one storage, oldest first. A reservation that is claimed is abandoned for good
-- (law 4). A row whose last lease ended without an outcome is claimed alone, so that one object that kills the process
-- cannot drag a thousand with it. Condemned bytes are kept for the delay from when they are first seen here, which is after
-- the condemning commit, so that a replica or a backup that is behind can still bring the row back. The head of the queue is
-- put off batch by batch until it holds nothing unseen, so that no row is read twice, however long the queue. Without a delay
-- nothing is compared: a clock that was ahead when it condemned, on the other side of a failover, would hold the bytes for ever.
-- Locks: the claimed rows and those put off, SKIP LOCKED.
create function @schema@.claim_deletions(
  storage text, batch_size integer, lease_token uuid, lease_ms bigint, deletion_delay_ms bigint default 0,
  seen_until timestamptz default '-infinity'
) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  due_before  timestamptz := clock_timestamp();
  delay       interval    := deletion_delay_ms * interval '1 millisecond';
  claimed_ids uuid[];
  claimed     json;
begin
  perform @schema@.begin_step();
  if @schema@.obstacle(null) is not null then
    return '[]';
  end if;

  for batch in 1 .. 100 loop
    exit when deletion_delay_ms = 0;

    with head as materialized (
      select d.file_id, d.state = 'condemned' and d.next_attempt_at < d.condemned_at + delay as unseen
        from @schema@.deletions d
       where d.storage = claim_deletions.storage
         and d.state <> 'deleted'
         and d.next_attempt_at >= seen_until
         and d.next_attempt_at <= due_before
       order by d.next_attempt_at
       limit batch_size
         for update skip locked
    )
    update @schema@.deletions d
       set next_attempt_at = due_before + delay
      from head h
     where d.file_id = h.file_id
       and h.unseen;
    exit when not found;
  end loop;

  select case when d.lease_token is not null then array[d.file_id] end into claimed_ids
    from @schema@.deletions d
   where d.storage = claim_deletions.storage
     and d.state <> 'deleted'
     and d.next_attempt_at >= seen_until
     and d.next_attempt_at <= due_before
     and (d.state <> 'condemned' or deletion_delay_ms = 0 or d.next_attempt_at >= d.condemned_at + delay)
   order by d.next_attempt_at
   limit 1
     for update skip locked;

  if not found then
    return '[]';
  end if;

  if claimed_ids is null then
    claimed_ids := array(
      select d.file_id
        from @schema@.deletions d
       where d.storage = claim_deletions.storage
         and d.state <> 'deleted'
         and d.next_attempt_at >= seen_until
         and d.next_attempt_at <= due_before
         and (d.state <> 'condemned' or deletion_delay_ms = 0 or d.next_attempt_at >= d.condemned_at + delay)
         and d.lease_token is null
       order by d.next_attempt_at
       limit batch_size
         for update skip locked);
  end if;

  with leased as (
    update @schema@.deletions d
       set lease_token     = claim_deletions.lease_token,
           attempts        = d.attempts + 1,
           next_attempt_at = clock_timestamp() + lease_ms * interval '1 millisecond',
           condemned_at    = case d.state when 'reserved' then clock_timestamp() else d.condemned_at end,
           state           = case d.state when 'reserved' then 'abandoned'       else d.state        end
     where d.file_id = any(claimed_ids)
    returning d.file_id, d.key, d.version_id, d.state
  )
  select json_agg(json_build_object('fileId',    l.file_id,
                                    'key',       l.key,
                                    'versionId', l.version_id,
                                    'abandoned', l.state = 'abandoned'))
    into claimed
    from leased l;
  return claimed;
end
$body$;


-- What the application's hooks are told about claimed files. Abandoned uploads never were files, and of a file that moved only
-- the bytes at its old place go.
create function @schema@.deletions_of(file_ids uuid[]) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select coalesce(json_agg(json_build_object('fileId',      d.file_id,
                                             'storage',     d.storage,
                                             'key',         d.key,
                                             'versionId',   d.version_id,
                                             'filename',    d.filename,
                                             'size',        d.size,
                                             'reason',      d.reason,
                                             'lastOwners',  d.last_owners,
                                             'attempts',    d.attempts,
                                             'condemnedAt', d.condemned_at)
                           order by d.condemned_at, d.file_id), '[]')
    from @schema@.deletions d
   where d.file_id = any(file_ids)
     and d.reason not in ('upload', 'moved')
$body$;


-- Prolongs a lease; answers how many rows it still holds.
create function @schema@.renew_lease(lease_token uuid, file_ids uuid[], lease_ms bigint) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  renewed integer;
begin
  perform @schema@.begin_step();

  update @schema@.deletions d
     set next_attempt_at = clock_timestamp() + lease_ms * interval '1 millisecond'
   where d.file_id     = any(file_ids)
     and d.lease_token = renew_lease.lease_token;
  get diagnostics renewed = row_count;
  return renewed;
end
$body$;


-- Writes the receipts of deleted bytes; answers how many rows the lease still held, and of the receipts how many files and bytes
-- there were by reason. An abandoned upload is deleted a second time one time-to-live after it was abandoned, because a stalled
-- write may land late.
-- Locks: the rows. One that a transaction of the application holds, which called redact, does not keep the others from their
-- receipts; it is taken over when its lease ends.
create function @schema@.complete_deletions(lease_token uuid, file_ids uuid[], upload_ttl_ms bigint) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  second_pass_after interval    := upload_ttl_ms * interval '1 millisecond';
  completed_at      timestamptz := clock_timestamp();
  lockable          uuid[]      := file_ids;
  once_more         integer;
  receipts          json;
  completed         integer;
begin
  perform @schema@.begin_step();

  for try in 1 .. 2 loop
    begin
      -- Written as an equation, the state would lead the planner to the index of everything that is pending.
      update @schema@.deletions d
         set next_attempt_at = d.condemned_at + second_pass_after,
             attempts        = 0,
             lease_token     = null,
             last_error      = null
       where d.file_id     = any(lockable)
         and d.lease_token = complete_deletions.lease_token
         and d.state       is not distinct from 'abandoned'
         and d.condemned_at + second_pass_after > completed_at;
      get diagnostics once_more = row_count;

      with written as (
        update @schema@.deletions d
           set state           = 'deleted',
               next_attempt_at = null,
               deleted_at      = completed_at,
               lease_token     = null,
               last_error      = null
         where d.file_id     = any(lockable)
           and d.lease_token = complete_deletions.lease_token
        returning d.reason, d.size
      ), by_reason as (
        select w.reason, count(*) as files, coalesce(sum(w.size), 0) as size from written w group by w.reason
      )
      select coalesce(sum(b.files), 0),
             coalesce(json_object_agg(b.reason, json_build_object('files', b.files, 'sizeBytes', b.size)), '{}')
        into completed, receipts
        from by_reason b;
      return json_build_object('completed', once_more + completed, 'byReason', receipts);
    exception when lock_not_available then
      -- Once locked here, they cannot fail again.
      lockable := array(select d.file_id from @schema@.deletions d where d.file_id = any(lockable) for update skip locked);
    end;
  end loop;
end
$body$;


-- Records failures, [{ "fileId", "error", "permanent" }, …]: tried again after an exponential backoff with full jitter, or
-- stuck for somebody to look at when the failure is permanent or the attempts are used up. Answers with both counts.
create function @schema@.fail_deletions(
  lease_token uuid, failures jsonb, max_attempts integer, backoff_base_ms bigint, backoff_max_ms bigint
) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  failed integer;
  stuck  integer;
begin
  perform @schema@.begin_step();

  with failed_rows as (
    update @schema@.deletions d
       set lease_token     = null,
           last_error      = left(f.error, 2000),
           next_attempt_at = case
             when f.permanent or d.attempts >= max_attempts then 'infinity'
             -- The interval last: of a fraction of a millisecond it keeps a thousand steps, of which one is no pause at all.
             else clock_timestamp() + random() * least(backoff_max_ms, backoff_base_ms * power(2, least(d.attempts - 1, 30)))
                    * interval '1 millisecond'
           end
      from jsonb_to_recordset(failures) as f("fileId" uuid, error text, permanent boolean)
     where d.file_id     = f."fileId"
       and d.lease_token = fail_deletions.lease_token
    returning d.next_attempt_at
  )
  select count(*), count(*) filter (where r.next_attempt_at = 'infinity') into failed, stuck from failed_rows r;
  return json_build_object('failed', failed, 'stuck', stuck);
end
$body$;


-- Gives back rows whose deletion was never started, as if they had not been claimed.
create function @schema@.release_deletions(lease_token uuid, file_ids uuid[]) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  released integer;
begin
  perform @schema@.begin_step();

  update @schema@.deletions d
     set lease_token     = null,
         attempts        = d.attempts - 1,
         next_attempt_at = clock_timestamp()
   where d.file_id     = any(file_ids)
     and d.lease_token = release_deletions.lease_token;
  get diagnostics released = row_count;
  return released;
end
$body$;


-- Makes stuck deletions due at once, of one storage or of all; answers how many.
create function @schema@.retry_stuck(storage text) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  retried integer;
begin
  update @schema@.deletions d
     set attempts        = 0,
         next_attempt_at = clock_timestamp()
   where (d.storage = retry_stuck.storage or retry_stuck.storage is null)
     and d.state <> 'deleted'
     and d.next_attempt_at = 'infinity';
  get diagnostics retried = row_count;
  return retried;
end
$body$;


-- Forgets a batch of receipts older than their retention, and the adopted keys they kept busy; answers how many. Those that were due
-- up to seen_until are passed by. That of an adopted key stays for a day at least: a storage that did not answer in time, so that its
-- deletion was done again, may still delete what is adopted under that key by then (shown). A key that another deletion names stays
-- busy until the receipt of that one goes.
create function @schema@.prune_receipts(
  retention_ms bigint, batch_size integer, seen_until timestamptz default '-infinity'
) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  retention      interval    := retention_ms * interval '1 millisecond';
  deleted_before timestamptz := clock_timestamp() - retention;
  deleted_after  timestamptz := seen_until - retention;
  adopted_before timestamptz := clock_timestamp() - interval '1 day';
  pruned         integer;
begin
  perform @schema@.begin_step();

  with old as materialized (
    select d.file_id
      from @schema@.deletions d
     where d.state = 'deleted'
       and d.deleted_at >= deleted_after
       and d.deleted_at <= deleted_before
       and (d.deleted_at <= adopted_before or @schema@.is_generated_key(d.file_id, d.key))
     order by d.deleted_at
     limit batch_size
       for update skip locked
  ), forgotten as (
    delete from @schema@.deletions d
     using old
     where d.file_id = old.file_id
    returning d.file_id, d.storage, d.key
  ), freed as (
    delete from @schema@.adopted_keys a
     using forgotten f
     where a.storage = f.storage
       and a.key     = f.key
       and not @schema@.is_generated_key(f.file_id, f.key)
       and not exists (select
                         from @schema@.deletions d
                        where d.storage = f.storage
                          and d.key     = f.key
                          and not @schema@.is_generated_key(d.file_id, d.key)
                          and d.file_id not in (select o.file_id from old o))
  )
  select count(*) into pruned from forgotten;
  return pruned;
end
$body$;
