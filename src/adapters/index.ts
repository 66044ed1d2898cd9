export { ambient } from './ambient.js';
export { AdaptedTransaction } from './adapted-transaction.js';
export { drizzle, type DrizzleTransaction } from './drizzle.js';
export { knex, type KnexTransaction } from './knex.js';
export { mikroOrm, type MikroOrmManager } from './mikro-orm.js';
export { postgresJs, type PostgresJsTransaction } from './postgres-js.js';
export { prisma, type PrismaTransaction } from './prisma.js';
export { sequelize, type SequelizeTransaction } from './sequelize.js';
export { typeorm, type TypeOrmManager, type TypeOrmQueryRunner } from './typeorm.js';
