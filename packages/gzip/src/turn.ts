/** Counts what is compressed on the event loop during one of its turns. */
export interface Turn {
  /** Whether so many milliseconds more fit into the present turn. */
  hasRoom(milliseconds: number): boolean;
  add(milliseconds: number): void;
}

/**
 * Many connections may be readable in one turn of the loop, and bodies that each fit their budget
 * then add up: fifty of 10 KB kept everybody waiting for 10 ms.
 */
export function createTurn(budget: number): Turn {
  let spent = 0;
  function begin(): void {
    spent = 0;
  }
  return {
    hasRoom: (milliseconds) => spent + milliseconds <= budget,
    add(milliseconds) {
      // Immediates run when the sockets that were ready have had their turn.
      if (spent === 0) setImmediate(begin).unref();
      spent += milliseconds;
    },
  };
}
