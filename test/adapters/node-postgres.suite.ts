import { transactionContract } from './contract.js';
import { subjects } from './hosts/node-postgres.js';

for (const subject of subjects) {
  await transactionContract(subject);
}
