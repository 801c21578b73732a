import { describe, expect, test } from '@jest/globals';
import { createCostModel } from '../src/cost.ts';

describe('createCostModel', () => {
  test('begins with the figure given', () => {
    expect(createCostModel(20).estimate(10_000)).toBeCloseTo(0.22);
  });

  test('follows what runs take', () => {
    const model = createCostModel(20);
    for (let i = 0; i < 200; i++) model.learn(10_000, 0.52);
    expect(model.estimate(10_000)).toBeCloseTo(0.52, 2);
    for (let i = 0; i < 200; i++) model.learn(10_000, 0.12);
    expect(model.estimate(10_000)).toBeCloseTo(0.12, 2);
  });

  test('is not thrown off by one pause of the machine', () => {
    const model = createCostModel(20);
    model.learn(1000, 500);
    expect(model.estimate(10_000)).toBeLessThan(0.3);
  });

  test('never believes in a codec that takes no time', () => {
    const model = createCostModel(20);
    for (let i = 0; i < 1000; i++) model.learn(10_000, 0);
    expect(model.estimate(10_000_000)).toBeGreaterThan(19);
  });

  test('finds back to the thread when only off-loop work is left to learn from', () => {
    const model = createCostModel(20);
    for (let i = 0; i < 200; i++) model.learn(10_000, 5);
    expect(model.estimate(10_000)).toBeGreaterThan(0.4);
    for (let i = 0; i < 2000; i++) model.relax();
    expect(model.estimate(10_000)).toBeLessThan(0.4);
  });
});
