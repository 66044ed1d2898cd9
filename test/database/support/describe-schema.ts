import type { Queryable } from '../../support/queryable.js';

const queries = {
  functions: `
    select p.oid::regprocedure::text as name, pg_get_functiondef(p.oid) as source, p.proacl::text as grants
      from pg_proc p where p.pronamespace = $1::regnamespace order by 1`,
  relations: `
    select c.relname, c.relkind, c.reloptions, c.relacl::text as grants, c.relrowsecurity
      from pg_class c where c.relnamespace = $1::regnamespace order by 1`,
  columns: `
    select a.attrelid::regclass::text as relation, a.attname, format_type(a.atttypid, a.atttypmod) as type,
           a.attnotnull, a.attidentity, a.attgenerated, l.collname, pg_get_expr(d.adbin, d.adrelid) as value,
           col_description(a.attrelid, a.attnum) as comment
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
      left join pg_collation l on l.oid = a.attcollation
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where c.relnamespace = $1::regnamespace order by 1, a.attnum`,
  constraints: `
    select conrelid::regclass::text as relation, conname, pg_get_constraintdef(oid) as definition
      from pg_constraint where connamespace = $1::regnamespace order by 1, 2`,
  triggers: `
    select pg_get_triggerdef(t.oid) as definition, t.tgenabled
      from pg_trigger t join pg_class c on c.oid = t.tgrelid
     where c.relnamespace = $1::regnamespace and not t.tgisinternal order by 1`,
  indexes: 'select indexdef from pg_indexes where quote_ident(schemaname) = $1 order by 1',
  views: 'select viewname, definition from pg_views where quote_ident(schemaname) = $1 order by 1',
} as const;

/** What the catalogs say of a schema, its name given as SQL writes it. */
export async function describeSchema(admin: Queryable, quotedSchema = 'file_registry') {
  const description: Record<string, unknown[]> = {};
  for (const [kind, query] of Object.entries(queries)) {
    description[kind] = (await admin.query(query, [quotedSchema])).rows;
  }
  return description;
}
