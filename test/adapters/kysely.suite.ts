import { transactionContract } from './contract.js';
import { subjects } from './hosts/kysely.js';

for (const subject of subjects) {
  await transactionContract(subject);
}
