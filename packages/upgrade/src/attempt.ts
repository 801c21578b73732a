import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { closeAfter, createAnswer, sendError } from './answer.ts';
import { answerTo } from './error-answer.ts';
import { ignore, reportTo } from './failure.ts';
import { findHandshakeFault, findHostFault } from './handshake.ts';
import type { ResolvedUpgradeOptions } from './options.ts';
import { runStack } from './stack.ts';
import type { Layer } from './stack.ts';
import type { RefusedUpgrade, UpgradeOutcome } from './types.ts';
import { UpgradeResponse } from './upgrade-response.ts';

/** One handshake, from the first function of the stack to the answer. Settles once. */
export class Attempt {
  readonly #req: IncomingMessage;
  readonly #socket: Socket;
  readonly #options: ResolvedUpgradeOptions;
  readonly #resolve: (outcome: UpgradeOutcome) => void;
  readonly #response: UpgradeResponse;
  readonly #timer: NodeJS.Timeout;
  /** Why the response under way is none that the stack chose. */
  #failure: Pick<RefusedUpgrade, 'reason' | 'error'> | undefined;
  /** The answer under way, for when it is out or the client leaves. */
  #refusal: RefusedUpgrade | undefined;

  /** @throws `ERR_HTTP_SOCKET_ASSIGNED` while an earlier response on the connection is pending. */
  constructor(
    req: IncomingMessage,
    socket: Socket,
    options: ResolvedUpgradeOptions,
    resolve: (outcome: UpgradeOutcome) => void,
  ) {
    this.#req = req;
    this.#socket = socket;
    this.#options = options;
    this.#resolve = resolve;
    this.#response = new UpgradeResponse(req, socket, {
      // One turn later: express-session reports a failed save after it has ended the response.
      onSealed: () => void setImmediate(() => this.#accept()),
      onRefusing: (status) => this.#refuse(this.#response.res, status),
      onFailure: (error) => this.#fail(error),
    });
    this.#response.res.on('error', this.#report);
    socket.on('error', ignore);
    socket.on('end', this.#onClientEnd);
    socket.on('close', this.#onClose);
    this.#timer = setTimeout(() => this.#onTimeout(), options.timeout * 1000).unref();
  }

  start(layers: readonly Layer[]): void {
    const fault = findHostFault(this.#req);
    if (fault !== undefined) return sendError(this.#response.res, fault);
    runStack({
      layers,
      req: this.#req,
      res: this.#response.res,
      out: (error) => this.#onOut(error),
      isSettled: () => this.#phase !== 'open' && this.#phase !== 'committing',
      tooLate: (error) => this.#fail(error),
    });
  }

  get #phase(): UpgradeResponse['phase'] {
    return this.#response.phase;
  }

  #onOut(error: unknown): void {
    if (error) return this.#fail(error);
    // A layer may have answered and called next() as well.
    if (this.#phase !== 'open' || this.#response.answered) return;
    const { res } = this.#response;
    try {
      const fault = findHandshakeFault(this.#req);
      if (fault !== undefined) sendError(res, fault);
      // As in HTTP, where a status set on the way is the status of the response.
      else if (res.statusCode !== 200) res.end();
      else this.#response.commit();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** Something went wrong: answers, if that can still be done. */
  #fail(error: unknown): void {
    const { status } = answerTo(error);
    if (status >= 500) this.#report(error);
    switch (this.#phase) {
      case 'open':
      case 'committing':
        this.#failure ??= { reason: 'failed', error };
        this.#answerFailure(error);
        break;
      case 'sealed':
        this.#failure ??= { reason: 'failed', error };
        this.#answerDirectly(error);
        break;
      case 'refusing':
        // Half an answer: only a broken connection tells the client so.
        if (!this.#response.res.writableEnded) this.#socket.destroy();
        break;
      case 'accepted':
      case 'retired':
        break;
    }
  }

  #answerFailure(error: unknown): void {
    if (this.#response.answered) {
      // An answer of the stack is being held back and will come; a 101 must not.
      if (this.#phase === 'committing') this.#answerDirectly(error);
      return;
    }
    try {
      sendError(this.#response.res, error);
    } catch {
      this.#answerDirectly(error);
    }
  }

  /** Past everything that wrapped the response: one of those may be what hangs. */
  #answerDirectly(error: unknown): void {
    const { status } = answerTo(error);
    this.#response.retire(status);
    const { res } = createAnswer(this.#req, this.#socket);
    this.#refuse(res, status);
    sendError(res, error);
  }

  #refuse(res: ServerResponse, status: number): void {
    clearTimeout(this.#timer);
    const { reason, error }: Pick<RefusedUpgrade, 'reason' | 'error'> = this.#failure ?? {
      reason: 'refused',
    };
    this.#refusal = { accepted: false, reason, status, ...(error === undefined ? {} : { error }) };
    res.once('finish', () => this.#settle());
    closeAfter(res, this.#socket, this.#options.linger);
    this.#socket.setTimeout(this.#options.timeout * 1000, () => this.#socket.destroy());
  }

  #accept(): void {
    if (this.#phase !== 'sealed') return;
    // The client left a moment ago: `close` is on its way.
    if (!this.#socket.readable || !this.#socket.writable) return;
    clearTimeout(this.#timer);
    this.#response.accept();
    const { headers } = this.#response;
    this.#resolve({ accepted: true, headers, release: () => this.#release() });
  }

  #release(): boolean {
    const socket = this.#socket;
    socket.off('end', this.#onClientEnd);
    socket.off('close', this.#onClose);
    if (socket.readable && socket.writable) {
      socket.off('error', ignore);
      return true;
    }
    socket.destroy();
    return false;
  }

  readonly #onClientEnd = (): void => {
    // A WebSocket needs both directions; Node ends the connection of an ordinary request here too.
    if (this.#refusal === undefined) this.#socket.destroy();
  };

  readonly #onClose = (): void => {
    clearTimeout(this.#timer);
    if (this.#phase !== 'refusing' && this.#phase !== 'accepted') this.#response.abandon();
    this.#settle();
  };

  #onTimeout(): void {
    const seconds = String(this.#options.timeout);
    const error = Object.assign(new Error(`The stack did not answer within ${seconds} s`), {
      code: 'ERR_PORTCULLIS_UPGRADE_TIMEOUT',
      status: 503,
    });
    this.#failure = { reason: 'timeout' };
    this.#report(error);
    this.#answerDirectly(error);
  }

  #settle(): void {
    this.#resolve(this.#refusal ?? { accepted: false, reason: 'gone', status: undefined });
  }

  readonly #report = (error: unknown): void => {
    reportTo(this.#options, error, this.#req);
  };
}
