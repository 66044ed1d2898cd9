-- The tables. Names, keys and owners are compared byte by byte (collate "C"), so that no locale can make two of them equal.

-- A generated key's last segment begins with its file's id. Such a key names exactly one file for ever; any other key was
-- adopted and is watched by adopted_keys.
create function @schema@.is_generated_key(file_id uuid, key text) returns boolean
  language sql immutable strict parallel safe
  return starts_with(split_part(key, '/', -1), file_id::text);


-- Texts with limits in bytes. As domains, because a domain's check is prepared once in a session and a table's at every
-- statement: three of them would cost an attach 17 µs, and so they cost 2.
create domain @schema@.owner_type as text collate "C" check (octet_length(value) between 1 and 100);
create domain @schema@.owner_id   as text collate "C" check (octet_length(value) between 1 and 255);
create domain @schema@.slot       as text collate "C" check (octet_length(value) between 1 and 255);


-- A file: bytes that exist, at (storage, key). Never changed; new content is a new file.
create table @schema@.files (
  id           uuid        primary key,
  storage      text        collate "C" not null check (octet_length(storage) between 1 and 63),
  key          text        collate "C" not null check (octet_length(key) between 1 and 1024),
  version_id   text        collate "C" check (octet_length(version_id) between 1 and 1024),
  filename     text        check (octet_length(filename) between 1 and 255),
  content_type text        not null check (octet_length(content_type) between 1 and 255),
  size         bigint      not null check (size >= 0),
  checksum     bytea       check (octet_length(checksum) = 32),
  metadata     jsonb       not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  created_at   timestamptz not null default clock_timestamp(),

  constraint files_storage_key unique (storage, key)
);

comment on column @schema@.files.size     is 'in bytes';
comment on column @schema@.files.checksum is 'SHA-256; null where the file was adopted unread';


-- A reference: this owner holds this file. The reference count of a file is the number of its rows here. A counter column
-- would be one hot row per shared file: 142 transactions/s of 100 clients where these rows give 2,059. Restrict asks the same as no
-- action, without first asking whether another file has taken the id: 4 µs less for each file that goes.
create table @schema@.file_references (
  file_id     uuid        not null references @schema@.files on delete restrict,
  owner_type  @schema@.owner_type not null,
  owner_id    @schema@.owner_id   not null,
  slot        @schema@.slot       not null,
  attached_at timestamptz not null default clock_timestamp(),
  holder_id   uuid        references @schema@.files on delete cascade,

  primary key (owner_type, owner_id, slot, file_id)
);

comment on column @schema@.file_references.holder_id is 'the original that holds this rendition; guard_holder fills it in';

create index file_references_file_id on @schema@.file_references (file_id);
create index file_references_holder_id on @schema@.file_references (holder_id) where holder_id is not null;
create unique index file_references_rendition on @schema@.file_references (owner_id, slot) where owner_type = 'file';


-- An intent: this file may have become unreferenced. Facts only; the processor knows the period for each reason.
create table @schema@.deletion_outbox (
  file_id    uuid        not null,
  seq        bigint      generated always as identity,
  reason     text        collate "C" not null,
  noted_at   timestamptz not null default clock_timestamp(),
  owner_type text        collate "C",
  owner_id   text        collate "C",
  slot       text        collate "C",

  primary key (file_id, seq)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);

create index deletion_outbox_due on @schema@.deletion_outbox (reason, noted_at, seq);


-- Bytes that are due to go, and the receipts of those that went. A row here and a row in files exclude each other.
create table @schema@.deletions (
  file_id         uuid        primary key,
  storage         text        collate "C" not null check (octet_length(storage) between 1 and 63),
  key             text        collate "C" not null check (octet_length(key) between 1 and 1024),
  version_id      text        collate "C",
  filename        text,
  size            bigint,
  reason          text        collate "C" not null,
  state           text        collate "C" not null,
  last_owners     jsonb       not null default '[]',
  condemned_at    timestamptz not null default clock_timestamp(),
  next_attempt_at timestamptz default clock_timestamp(),
  lease_token     uuid,
  attempts        integer     not null default 0 check (attempts >= 0),
  last_error      text,
  deleted_at      timestamptz,
  terms           jsonb,

  constraint deletions_state    check (state in ('reserved', 'abandoned', 'condemned', 'deleted')),
  constraint deletions_reserved check (state not in ('reserved', 'abandoned') or reason = 'upload'),
  constraint deletions_upload   check (reason <> 'upload' or @schema@.is_generated_key(file_id, key)),
  constraint deletions_pending  check ((state = 'deleted') = (next_attempt_at is null)),
  constraint deletions_receipt  check ((state = 'deleted') = (deleted_at is not null))
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);

comment on column @schema@.deletions.condemned_at    is 'when the key was reserved, abandoned or condemned';
comment on column @schema@.deletions.next_attempt_at is 'due from then on; the end of the lease while leased; infinity when stuck';
comment on column @schema@.deletions.terms           is 'what a client that uploads by itself may write, and until when';

create index deletions_due     on @schema@.deletions (storage, next_attempt_at) where state <> 'deleted';
create index deletions_receipt on @schema@.deletions (deleted_at) where state = 'deleted';
create index deletions_adopted on @schema@.deletions (storage, key) where not @schema@.is_generated_key(file_id, key);


-- Keys that were adopted, from the adoption until the receipt of their deletion is pruned.
create table @schema@.adopted_keys (
  storage text collate "C" not null,
  key     text collate "C" not null,

  primary key (storage, key)
);


create table @schema@.settings (
  only_row  boolean     primary key default true check (only_row),
  identity  jsonb,
  paused_at timestamptz
);

insert into @schema@.settings default values;


-- Columns of the application that are tracked: for each row of the relation the owner { owner_type, its id, slot } holds exactly
-- the files that the column names. A regclass follows the relation when it is renamed, and a dump writes it as a name.
create table @schema@.tracked_columns (
  relation      regclass    not null,
  id            integer     generated always as identity primary key,
  table_schema  name        not null,
  table_name    name        not null,
  column_name   name        not null,
  path          text        check (octet_length(path) between 1 and 1000),
  owner_type    text        collate "C" not null check (octet_length(owner_type) between 1 and 100),
  slot          text        collate "C" not null check (octet_length(slot)       between 1 and 255),
  id_columns    name[]      not null check (cardinality(id_columns) between 1 and 32),
  condition     text        check (octet_length(condition) between 1 and 10000),
  watched       name[],
  guarded       boolean     not null,
  tracked_at    timestamptz not null default clock_timestamp(),
  taken_in_to   text[],
  taken_in_at   timestamptz,
  releasing     boolean     not null default false,

  constraint tracked_columns_slot unique (owner_type, slot)
);

comment on column @schema@.tracked_columns.table_name  is 'when tracking began; the relation may be called otherwise now, or be gone';
comment on column @schema@.tracked_columns.path        is 'jsonpath to the file ids, where the column is jsonb';
comment on column @schema@.tracked_columns.watched     is 'what the triggers look at: the column, the id and what the condition reads, by name';
comment on column @schema@.tracked_columns.taken_in_to is 'id of the last row taken in that was there before';
comment on column @schema@.tracked_columns.taken_in_at is 'when all of those were taken in';
comment on column @schema@.tracked_columns.releasing   is 'no longer tracked, its references are being dropped';

create unique index tracked_columns_column on @schema@.tracked_columns (relation, column_name, coalesce(path, ''));


create view @schema@.reference_counts as
  select f.id                   as file_id,
         count(r.file_id)       as ref_count,
         min(r.attached_at)     as first_attached_at,
         max(r.attached_at)     as last_attached_at
    from @schema@.files f
    left join @schema@.file_references r on r.file_id = f.id
   group by f.id;
