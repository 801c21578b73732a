/** The one place that changes a response it did not create: hooks, gates and body transformations share its methods. */
export { editHead, holdHead, isEnding, onHead, transformBody } from './response/register.ts';
export { onDone } from './response/done.ts';
export type { Done } from './response/done.ts';
export type { BodyOutput, BodySink, DecideBody, PendingBody } from './response/body.ts';
