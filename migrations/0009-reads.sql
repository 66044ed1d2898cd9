-- Reads. The application's role has no privilege on the tables, so that everything it sees comes from here. In PL/pgSQL, because
-- before PostgreSQL 18 a function in SQL is planned at each call: 0.3 ms instead of 0.1.

create function @schema@.find_files(file_ids uuid[]) returns json
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $body$
begin
  return (
    select coalesce(json_agg(@schema@.file_json(f)), '[]')
      from @schema@.files f
     where f.id = any(array(select unnest(file_ids))));
end
$body$;


-- The files of many owners in one round trip; owners is [{ "type", "id", "slot" }, …], a slot that is null means all slots.
-- Each row says which owner of the list it answers, counted from 0. Without the settings, tables of some 10,000 rows are read whole for
-- one owner, 2 ms instead of 0.1.
create function @schema@.files_of(owners jsonb) returns json
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $body$
begin
  return (
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
      join @schema@.files f on f.id = r.file_id);
end
$body$;


-- Who holds a file: a page of its references in the order of their key, behind the given one.
create function @schema@.references_of(
  file_id uuid, after_type text, after_id text, after_slot text, page_size integer
) returns json
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $body$
begin
  return (
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
             limit page_size) p);
end
$body$;


create function @schema@.count_references(file_ids uuid[]) returns json
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $body$
begin
  return (
    select coalesce(json_object_agg(c.file_id, c.ref_count), '{}')
      from (select r.file_id, count(*) as ref_count
              from @schema@.file_references r
             where r.file_id = any(array(select unnest(file_ids)))
             group by r.file_id) c);
end
$body$;


-- The name of the newest migration, for the check at start; the caller needs no privilege on the table.
create function @schema@.schema_version() returns text
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select max(m.name) from @schema@.migrations m
$body$;


-- What there is to do now, in one round trip: what stands in the way, the reasons with due intents behind their marks, the
-- storages with due deletions, and whether receipts are old enough. policies is [{ "reason", "periodMs", "afterNotedAt", "afterSeq" }, …].
-- Deletions and receipts that were due up to seen_until are passed by: there was none when the caller last asked. What it may pass by
-- after this answer lies a minute back, for what commits late.
create function @schema@.due_work(
  policies jsonb, storages text[], retention_ms bigint, environment text, seen_until timestamptz default '-infinity'
) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  due_at timestamptz := clock_timestamp();
begin
  perform @schema@.begin_step();

  return json_build_object(
    'obstacle', @schema@.obstacle(environment),
    'reasons', (
      select coalesce(json_agg(p.reason), '[]')
        from jsonb_to_recordset(policies)
          as p(reason text, "periodMs" bigint, "afterNotedAt" timestamptz, "afterSeq" bigint)
       where exists (select
                       from @schema@.deletion_outbox o
                      where o.reason = p.reason
                        and o.noted_at <= due_at - p."periodMs" * interval '1 millisecond'
                        and (o.noted_at, o.seq) > (p."afterNotedAt", p."afterSeq"))),
    'storages', (
      select coalesce(json_agg(s), '[]')
        from unnest(storages) s
       where exists (select
                       from @schema@.deletions d
                      where d.storage = s
                        and d.state <> 'deleted'
                        and d.next_attempt_at >= seen_until
                        and d.next_attempt_at <= due_at)),
    'receipts', exists (select
                          from @schema@.deletions d
                         where d.state = 'deleted'
                           and d.deleted_at >= seen_until - retention_ms * interval '1 millisecond'
                           and d.deleted_at <= due_at     - retention_ms * interval '1 millisecond'
                           and (   d.deleted_at <= due_at - interval '1 day'
                                or @schema@.is_generated_key(d.file_id, d.key))),
    'seenUntil', due_at - interval '1 minute');
end
$body$;


-- The state of the outbox, for people and for alarms. Counts whole tables: for a dashboard, not for a hot path.
create function @schema@.stats(policies jsonb) returns json
  language sql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
  with intents as (
    select o.noted_at + p."periodMs" * interval '1 millisecond' as due_at, p.reason is null as unknown
      from @schema@.deletion_outbox o
      left join jsonb_to_recordset(policies) as p(reason text, "periodMs" bigint) on p.reason = o.reason
  ), pending as (
    select count(*)                                                   as pending,
           count(*) filter (where i.due_at <= clock_timestamp())      as due,
           count(*) filter (where i.unknown)                          as unknown,
           min(i.due_at) filter (where i.due_at <= clock_timestamp()) as oldest_due_at
      from intents i
  ), rows_by_state as (
    select count(*) filter (where d.state = 'reserved')                                       as reserved,
           count(*) filter (where d.state in ('abandoned', 'condemned'))                      as condemned,
           count(*) filter (where d.state <> 'deleted' and d.next_attempt_at = 'infinity')    as stuck,
           count(*) filter (where d.state = 'deleted')                                        as receipts
      from @schema@.deletions d
  )
  select json_build_object(
           'pending',        p.pending,
           'due',            p.due,
           'unknownReasons', p.unknown,
           'oldestDueAgeMs', floor(extract(epoch from clock_timestamp() - p.oldest_due_at) * 1000),
           'reserved',       r.reserved,
           'condemned',      r.condemned,
           'stuck',          r.stuck,
           'receipts',       r.receipts,
           'pausedAt',       s.paused_at,
           'identity',       s.identity,
           'actualIdentity', @schema@.current_identity(s.identity ->> 'environment'),
           'multixactAge',   (select mxid_age(d.datminmxid) from pg_database d where d.datname = current_database()),
           'multixactLimit', current_setting('autovacuum_multixact_freeze_max_age')::bigint)
    from pending p, rows_by_state r, @schema@.settings s
$body$;


-- What probes and gauges ask every few seconds: look-ups in indexes, and counts that stop at count_max, whatever the size of the
-- tables; unlike stats. Writes nothing: the identity is compared by the caller. policies is [{ "reason", "periodMs" }, …].
create function @schema@.health(policies jsonb, storages text[], count_max integer) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  asked_at      timestamptz := clock_timestamp();
  policy        record;
  storage_name  text;
  noted_before  timestamptz;
  oldest        timestamptz;
  counted       bigint;
  oldest_due_at timestamptz;
  due           bigint := 0;
  waiting       bigint := 0;
  oldest_deletion_due_at timestamptz;
  pending       bigint := 0;
  stuck         bigint := 0;
begin
  perform @schema@.begin_step();

  for policy in select p.reason, p."periodMs" * interval '1 millisecond' as period
                  from jsonb_to_recordset(policies) as p(reason text, "periodMs" bigint)
  loop
    noted_before := asked_at - policy.period;

    select count(*), min(c.noted_at) into counted, oldest
      from (select o.noted_at
              from @schema@.deletion_outbox o
             where o.reason = policy.reason
               and o.noted_at <= noted_before
             order by o.noted_at
             limit count_max) c;
    due           := due + counted;
    oldest_due_at := least(oldest_due_at, oldest + policy.period);

    select count(*) into counted
      from (select
              from @schema@.deletion_outbox o
             where o.reason = policy.reason
               and o.noted_at > noted_before
             order by o.noted_at
             limit count_max) c;
    waiting := waiting + counted;
  end loop;

  foreach storage_name in array storages loop
    select d.next_attempt_at into oldest
      from @schema@.deletions d
     where d.storage = storage_name
       and d.state <> 'deleted'
       and d.next_attempt_at <= asked_at
     order by d.next_attempt_at
     limit 1;
    oldest_deletion_due_at := least(oldest_deletion_due_at, oldest);

    select count(*) filter (where c.state <> 'reserved') into counted
      from (select d.state
              from @schema@.deletions d
             where d.storage = storage_name
               and d.state <> 'deleted'
               and d.next_attempt_at < 'infinity'
             order by d.next_attempt_at
             limit count_max) c;
    pending := pending + counted;

    select count(*) into counted
      from (select
              from @schema@.deletions d
             where d.storage = storage_name
               and d.state <> 'deleted'
               and d.next_attempt_at = 'infinity'
             limit count_max) c;
    stuck := stuck + counted;
  end loop;

  return (
    select json_build_object(
             'due',                    least(due, count_max),
             'waiting',                least(waiting, count_max),
             'oldestDueAgeMs',         floor(extract(epoch from asked_at - oldest_due_at) * 1000),
             'pendingDeletions',       least(pending, count_max),
             'stuck',                  least(stuck, count_max),
             'oldestDeletionDueAgeMs', floor(extract(epoch from asked_at - oldest_deletion_due_at) * 1000),
             'pausedAt',               s.paused_at,
             'identity',               s.identity,
             'actualIdentity',         @schema@.current_identity(s.identity ->> 'environment'))
      from @schema@.settings s);
end
$body$;
