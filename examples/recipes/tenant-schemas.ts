import { type DatabaseHandle, migrate } from 'nestjs-file-registry';

/** The registry of a tenant that has a schema of its own. */
export const registrySchema = (tenant: string): string => `${tenant}_files`;

/** With the tenant's other migrations, before an application that has `schema: registrySchema(tenant)` starts. */
export async function migrateTenants(database: DatabaseHandle, tenants: Iterable<string>): Promise<void> {
  for (const tenant of tenants) {
    await migrate(database, { schema: registrySchema(tenant) });
  }
}
