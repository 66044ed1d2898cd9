/**
 * The answer itself, if it has one of the fields that S3 always gives. Else something between has answered, e.g. a proxy with
 * a page and status 200, which the SDK takes for an answer without any field; throws what `s3Fault` explains so.
 */
export function fromS3<Answer extends object>(answer: Answer, ...fields: (keyof Answer & string)[]): Answer {
  if (fields.some((field) => answer[field] !== undefined)) return answer;
  throw foreignAnswer(`no ${fields.join(' nor ')} in the answer`);
}

export function foreignAnswer(message: string): Error {
  return Object.assign(new Error(message), { name: 'ForeignAnswer' });
}
