/** Estimates how long compressing takes, from what it took lately. */
export interface CostModel {
  /** Milliseconds that `bytes` bytes will probably take. */
  estimate(bytes: number): number;
  /** Tells the model what a run on this thread took. */
  learn(bytes: number, milliseconds: number): void;
  /** Moves the estimate a little back to where it began, because off-loop work teaches nothing. */
  relax(): void;
}

const fixedMilliseconds = 0.02;
const weight = 1 / 16;
const relaxation = 1 / 256;

/**
 * An exponentially weighted average of milliseconds per byte, beginning at `nanosecondsPerByte`.
 * A sample counts at most four times the present estimate, because a pause of the collector or of
 * the machine is not the codec's doing.
 */
export function createCostModel(nanosecondsPerByte: number): CostModel {
  const initial = nanosecondsPerByte / 1e6;
  let perByte = initial;
  return {
    estimate: (bytes) => fixedMilliseconds + bytes * perByte,
    learn(bytes, milliseconds) {
      const sample = Math.max(0, milliseconds - fixedMilliseconds) / bytes;
      perByte += (Math.min(sample, perByte * 4) - perByte) * weight;
      // Below a tenth of the start the figure is a clock's rounding; it could not grow back.
      if (perByte < initial / 10) perByte = initial / 10;
    },
    relax() {
      perByte += (initial - perByte) * relaxation;
    },
  };
}
