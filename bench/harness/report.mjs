export function quartiles(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { q1: at(0.25), median: at(0.5), q3: at(0.75) };
}

export function shuffled(list) {
  const copy = [...list];
  for (let index = copy.length - 1; index > 0; index--) {
    const other = Math.floor(Math.random() * (index + 1));
    [copy[index], copy[other]] = [copy[other], copy[index]];
  }
  return copy;
}

export function table(head, rows) {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => String(row[column]).length)),
  );
  const line = (row) =>
    row
      .map((cell, column) =>
        column === 0 ? String(cell).padEnd(widths[0]) : String(cell).padStart(widths[column]),
      )
      .join('  ');
  return [line(head), ...rows.map(line)].map((text) => `  ${text}`).join('\n');
}

let missed = 0;

export function checkGoals(goals = [], ratioOf, what, print) {
  for (const goal of goals) {
    const ratio = ratioOf(goal);
    const met = goal.atMost === undefined ? ratio >= goal.atLeast : ratio <= goal.atMost;
    if (!met) missed += 1;
    const wanted =
      goal.atMost === undefined ? `at least ${goal.atLeast}` : `at most ${goal.atMost}`;
    print(
      `  ${goal.of} / ${goal.to}, ${goal.what ?? goal.field ?? what}: ${ratio.toFixed(3)} (${wanted}: ${met ? 'met' : 'MISSED'})`,
    );
  }
}

export function missedGoals() {
  return missed;
}
