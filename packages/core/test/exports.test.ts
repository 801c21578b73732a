import { describe, expect, test } from '@jest/globals';
import * as config from '@portcullis/core/config';
import * as core from '@portcullis/core';
import * as http from '@portcullis/core/http';
import * as options from '@portcullis/core/options';
import * as response from '@portcullis/core/response';

const listed = {
  '.': `OptionsError Secret compose createNotices defineMiddleware functionMiddleware httpError`,
  './config': `ConfigError defineConfig loadConfig`,
  './options': `OptionsError Secret defineOptions findWeakness isSecret o quote`,
  './response': `editHead holdHead isEnding onDone onHead transformBody`,
  './http': `absoluteUrl appendVary clientAddress compileFullMatch compileHostPatterns
    compileTrust explainHost explainScheme findBacktracking formatHost
    forwardedHosts getHost isHostless isSecure isWebSocketHandshake originalTarget ownHost
    parseForwarded parseHost parseHostPattern rawHost requestHost requestScheme sameOriginAs
    setCheckedHost targetPath`,
};

// What is exported is promised for ever: a new name here is a decision.
describe('The exports of @portcullis/core', () => {
  test.each([
    ['.', core, listed['.']],
    ['./config', config, listed['./config']],
    ['./options', options, listed['./options']],
    ['./response', response, listed['./response']],
    ['./http', http, listed['./http']],
  ])('of %s are those that are listed', (_name, entry, names) => {
    expect(Object.keys(entry).toSorted()).toEqual(names.split(/\s+/));
    expect(Object.values(entry)).not.toContain(undefined);
  });
});
