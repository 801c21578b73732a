import type { IncomingMessage, ServerResponse } from 'node:http';

/** Answers whether a response may be compressed. */
export type GzipFilter = (req: IncomingMessage, res: ServerResponse) => boolean;
