-- The processor's steps. Each is one call in a transaction of its own, and storage is never called inside one.

-- Settings for the rest of the transaction. Set here and not in a SET clause, which would end before the commit.
--   synchronous_commit  a crash must not bring back the row of a file whose bytes are gone (shown)
--   lock_timeout        below deadlock_timeout: the processor gives way, the application never notices
--   jit                 costs 300 ms on plans that take one
--   enable_…            a batch is looked up by its keys, whatever stale statistics say of the tables' sizes; a plan that
--                       reads one whole is fast in the morning and slow at night
create function @schema@.begin_step() returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $body$
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception using
      errcode = 'feature_not_supported',
      message = 'the processor runs in READ COMMITTED only',
      hint    = 'Begin the transaction with isolation level READ COMMITTED; each step needs fresh snapshots.';
  end if;
  perform set_config('synchronous_commit', 'on',    true),
          set_config('lock_timeout',       '200ms', true),
          set_config('jit',                'off',   true),
          set_config('enable_seqscan',     'off',   true),
          set_config('enable_bitmapscan',  'off',   true),
          set_config('enable_hashjoin',    'off',   true),
          set_config('enable_mergejoin',   'off',   true),
          set_config('row_security',       'off',   true);
end
$body$;


-- Settles a batch of intents of one reason that are older than its period: files without a reference are condemned.
--
-- after_noted_at and after_seq are the low-water mark: everything up to it was seen by this processor, so that dead rows of
-- earlier batches are not read again (24 to 66 ms a batch behind a million of them). An intent is dropped only if its file
-- is gone, a reference is visible, or this call condemned the file; every other stays for a later sweep.
--
-- A file that a record of a left-out type let go last is kept: protected, so that whoever asks sees why. Left out are the ignored
-- types and, where only_types is not null, all others than those. A hold is no record: a file that only holds still hold is
-- protected beside them, as the intent that names the record goes here, and the last release would find none.
--
-- With a lease_token, what is condemned in one of these storages is leased to the caller and answered, as claim_deletions would.
--
-- Locks: intents FOR UPDATE SKIP LOCKED, so that several processors share the work; then files FOR UPDATE SKIP LOCKED, so
-- that a file that is being attached is passed by. Whatever waits longer than lock_timeout fails the batch: the caller
-- halves it, and an error of a single intent is passed over.
create function @schema@.settle(
  due_reason text, period_ms bigint, batch_size integer, after_noted_at timestamptz, after_seq bigint,
  ignored_types text[] default '{}', only_types text[] default null,
  lease_token uuid default null, lease_ms bigint default 0, lease_storages text[] default '{}'
) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  due_before       timestamptz := clock_timestamp() - period_ms * interval '1 millisecond';
  claimed_places   tid[];
  claimed_ids      uuid[];
  claimed_seqs     bigint[];
  noted_ats        timestamptz[];
  claimed          integer;
  locked_ids       uuid[];
  locked_ats       timestamptz[];
  locked_seqs      bigint[];
  held_ids         uuid[];
  unreferenced_ids uuid[];
  condemned        integer := 0;
  leased           json;
  kept             integer := 0;
  dropped          integer := 0;
  left_over        integer := 0;
  failure          json;
begin
  perform @schema@.begin_step();
  if @schema@.obstacle(null) is not null then
    return json_build_object('claimed', 0, 'condemned', 0, 'kept', 0, 'dropped', 0, 'left', 0);
  end if;

  with claimed_intents as materialized (
    select o.ctid as place, o.file_id, o.seq, o.noted_at
      from @schema@.deletion_outbox o
     where o.reason = due_reason
       and o.noted_at <= due_before
       and (o.noted_at, o.seq) > (after_noted_at, after_seq)
     order by o.noted_at, o.seq
     limit batch_size
       for update skip locked
  )
  select array_agg(c.place), array_agg(c.file_id), array_agg(c.seq), array_agg(c.noted_at), count(*)
    into claimed_places, claimed_ids, claimed_seqs, noted_ats, claimed
    from claimed_intents c;

  if claimed = 0 then
    return json_build_object('claimed', 0, 'condemned', 0, 'kept', 0, 'dropped', 0, 'left', 0);
  end if;

  begin
    -- Of several intents of a file the youngest governs: who holds that one decides, and nobody else locks the file. What is asked
    -- of a file is a scalar subquery, and the comparison is negated, so that both stay lookups by its id: by statistics of tables
    -- that were small, joins compared each file with each intent, 8 to 28 s for 5,000.
    with youngest as materialized (
      select distinct on (c.file_id) c.file_id, c.noted_at, c.seq
        from unnest(claimed_ids, noted_ats, claimed_seqs) as c(file_id, noted_at, seq)
       order by c.file_id, c.noted_at desc, c.seq desc
    ), unreferenced as materialized (
      select y.*
        from youngest y
       where (select true from @schema@.file_references r where r.file_id = y.file_id limit 1) is null
         and (select true
                from @schema@.deletion_outbox o
               where o.file_id = y.file_id
                 and not (o.noted_at, o.seq) <= (y.noted_at, y.seq)
               limit 1) is null
    ), locked as (
      select u.*
        from unreferenced u
       cross join lateral (select from @schema@.files f where f.id = u.file_id for update skip locked) f
    )
    select array_agg(l.file_id), array_agg(l.noted_at), array_agg(l.seq) into locked_ids, locked_ats, locked_seqs
      from locked l;

    -- With newer snapshots than the locks: what was attached before the lock is seen here, what comes later waits for us.
    -- Who is held is asked once: a hold that comes in between would drop an intent that was not looked at here.
    if ignored_types <> '{}' or only_types is not null then
      held_ids := array(
        select r.file_id
          from @schema@.file_references r
         where r.file_id    = any(claimed_ids)
           and r.owner_type = 'registry:hold');

      insert into @schema@.file_references (file_id, owner_type, owner_id, slot)
      select y.file_id, 'registry:protection', 'protected', 'protected'
        from unnest(claimed_ids, noted_ats, claimed_seqs) as y(file_id, noted_at, seq)
        join @schema@.files f on f.id = y.file_id
       cross join lateral (
             select o.owner_type
               from @schema@.deletion_outbox o
              where o.file_id    = y.file_id
                and o.owner_type <> 'registry:hold'
              order by o.noted_at desc, o.seq desc
              limit 1) as last
       where last.owner_type <> 'file'
         and not starts_with(last.owner_type, 'registry:')
         and (last.owner_type = any(ignored_types) or last.owner_type <> all(only_types))
         and (f.id = any(locked_ids) or f.id = any(held_ids))
         and not exists (select
                           from @schema@.file_references r
                          where r.file_id    = f.id
                            and r.owner_type <> 'registry:hold')
         and not exists (select
                           from @schema@.deletion_outbox younger
                          where younger.file_id = y.file_id
                            and younger.owner_type is distinct from 'registry:hold'
                            and (younger.noted_at, younger.seq) > (y.noted_at, y.seq))
          on conflict do nothing;
      get diagnostics kept = row_count;
    end if;

    -- What is referenced goes first, or the renditions of what is condemned would seem to wait for a period of their own.
    if claimed > coalesce(cardinality(locked_ids), 0) or kept > 0 then
      delete from @schema@.deletion_outbox o
       where o.ctid = any(claimed_places)
         and (select true
                from @schema@.file_references r
               where r.file_id = o.file_id
                 and (held_ids is null or r.owner_type <> 'registry:hold' or r.file_id = any(held_ids))
               limit 1);
      get diagnostics dropped = row_count;
    end if;

    perform set_config('file_registry.lease',
                       case
                         when lease_token is not null
                         then jsonb_build_object('token', lease_token, 'ms', lease_ms, 'storages', lease_storages)::text
                       end,
                       true);
    unreferenced_ids := array(
      select y.file_id
        from unnest(locked_ids, locked_ats, locked_seqs) as y(file_id, noted_at, seq)
       where (select true from @schema@.file_references r where r.file_id = y.file_id limit 1) is null
         and (select true
                from @schema@.deletion_outbox o
               where o.file_id = y.file_id
                 and not (o.noted_at, o.seq) <= (y.noted_at, y.seq)
               limit 1) is null);
    with gone as (
      delete from @schema@.files f where f.id = any(unreferenced_ids)
      returning f.id, f.storage, f.key,
                @schema@.version_to_delete(f.id, f.key, f.version_id, f.checksum) as version_id
    )
    select count(*),
           json_agg(json_build_object('fileId', g.id, 'storage', g.storage, 'key', g.key, 'versionId', g.version_id))
             filter (where settle.lease_token is not null and g.storage = any(lease_storages))
      into condemned, leased
      from gone g;
    perform set_config('file_registry.lease', null, true);

    -- Condemning dropped the intents of the condemned; what is left may be of files that are gone already.
    if condemned + dropped < claimed then
      with gone as (
        delete from @schema@.deletion_outbox o
         where o.ctid = any(claimed_places)
           and (select true from @schema@.files f where f.id = o.file_id) is null
        returning 1
      )
      select dropped + count(*) into dropped from gone;

      select count(*) into left_over from @schema@.deletion_outbox o where o.ctid = any(claimed_places);
    end if;
  exception when others then
    condemned := 0;
    leased    := null;
    kept      := 0;
    dropped   := 0;
    left_over := claimed;
    failure   := json_build_object('code', sqlstate, 'message', sqlerrm);
  end;

  return json_build_object(
    'claimed',   claimed,
    'condemned', condemned,
    'leased',    leased,
    'kept',      kept,
    'dropped',   dropped,
    'left',      left_over,
    'notedAt',   noted_ats[claimed],
    'seq',       claimed_seqs[claimed],
    'failure',   failure);
end
$body$;
