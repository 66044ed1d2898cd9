/** As the semantic conventions call it. */
export const errorTypeAttribute = 'error.type';

/** Our own, all in one namespace. Each has few values: neither keys nor ids nor owners are among them. */
export const attributeNames = {
  schema: 'file_registry.schema',
  /** Why a file goes: `stored` (never attached), `detached`, `original`, `erased`, … */
  reason: 'file_registry.reason',
  storage: 'file_registry.storage.name',
  operation: 'file_registry.storage.operation',
  objects: 'file_registry.storage.objects',
  failedObjects: 'file_registry.storage.failed_objects',
  intentState: 'file_registry.intent.state',
  deletionState: 'file_registry.deletion.state',
  stuck: 'file_registry.deletion.stuck',
  obstacle: 'file_registry.processor.obstacle',
  trigger: 'file_registry.pass.trigger',
} as const;
