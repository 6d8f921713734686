import { describe, expect, it } from 'vitest';
import { AnswerMetrics, answerMetricsBytes, metricFunctions } from './answer-metrics.ts';
import { type Functions, parseExpression } from './expression.ts';

interface Facts {
  readonly n: number;
  readonly b: boolean;
}

const functions: Functions<Facts> = {
  N: { takes: [], gives: 'number', call: ({ n }) => n },
  B: { takes: [], gives: 'boolean', call: ({ b }) => b },
  Name: { takes: [], gives: 'string', call: () => 'GET' },
  Sum: { takes: ['number', 'number'], gives: 'number', call: (_facts, [a = 0, b = 0]) => a + b },
};
const facts: Facts = { n: 3, b: true };

describe('parseExpression', () => {
  it.each([
    ['N() > 2', true],
    ['N()>=3&&N()<=3', true],
    ['N() == 3 && N() != 3', false],
    ['B()', true],
    ['B() == false', false],
    ['Name() == "GET"', true],
    ['Sum(1, 2.5) == 3.5', true],
    ['N() < 1 && B() || N() > 2', true],
    ['N() < 1 && (B() || N() > 2)', false],
    ['Sum(-1, .5) < 0', true],
  ])('%s is %s', (text, expected) => {
    expect(parseExpression(text, functions)(facts)).toBe(expected);
  });

  it.each([
    ['', 'it is empty'],
    ['N()', 'a comparison is missing'],
    ['N() > ', 'it ends too early'],
    ['M() > 1', 'There are: N(), B(), Name(), Sum()'],
    ['constructor() > 1', 'there is no constructor()'],
    ['Sum(1) > 1', 'takes 2 numbers, but 1 are given'],
    ['Sum(1, B()) > 1', 'takes numbers'],
    ['N() > "a"', 'a number is compared with a string'],
    ['(N() > 1', 'a ")" is missing at the end'],
    ['N() > 1 N() > 2', 'one too many'],
    ['N() > 1; B()', 'from "; B()" on'],
    ['(', 'it ends too early'],
    ['('.repeat(100), 'nested too deeply'],
  ])('refuses %j', (text, message) => {
    expect(() => parseExpression(text, functions)).toThrow(message);
  });
});

describe('metrics', () => {
  const judge = (text: string, metrics: AnswerMetrics) => parseExpression(text, metricFunctions)(metrics);

  it('tell shares of statuses and how long answers took', () => {
    const metrics = new AnswerMetrics(new SharedArrayBuffer(answerMetricsBytes('LatencyAtQuantileMS')), 0);
    for (let i = 0; i < 6; i += 1) metrics.note(200, 10, 0);
    for (let i = 0; i < 3; i += 1) metrics.note(502, 100, 0);
    metrics.note(504, 1000, 0);
    expect(metrics.networkErrorRatio()).toBe(0.4);
    expect(judge('ResponseCodeRatio(500, 600, 0, 600) == 0.4', metrics)).toBe(true);
    expect(judge('ResponseCodeRatio(500, 503, 200, 300) == 0.5', metrics)).toBe(true);
    expect(judge('LatencyAtQuantileMS(50.0) < 10.1 && LatencyAtQuantileMS(50.0) > 9.9', metrics)).toBe(true);
    expect(judge('LatencyAtQuantileMS(100.0) > 990 && LatencyAtQuantileMS(90.0) < 102', metrics)).toBe(true);
  });

  it('forget: statuses after ten seconds, latencies after a minute', () => {
    const metrics = new AnswerMetrics(new SharedArrayBuffer(answerMetricsBytes('LatencyAtQuantileMS')), 0);
    expect([metrics.networkErrorRatio(), metrics.latencyAtQuantileMs(50)]).toEqual([0, 0]);
    metrics.note(502, 1000, 0);
    metrics.note(200, 1, 11_000);
    expect(metrics.networkErrorRatio()).toBe(0);
    expect(metrics.latencyAtQuantileMs(100)).toBeGreaterThan(900);
    metrics.note(200, 1, 70_000);
    expect(metrics.latencyAtQuantileMs(100)).toBeLessThan(1.1);
  });
});
