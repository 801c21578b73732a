export type { ResolvedOptions } from './options/check.ts';
export {
  defineOptions,
  type OptionField,
  type OptionsDefinition,
  type OptionsDescription,
} from './options/define.ts';
export { OptionsError } from './options/error.ts';
export { quote } from './options/got.ts';
export type { FieldsOf, InputOf, OutputOf } from './options/infer.ts';
export type { Fault, Issue, OptionIssue } from './options/issue.ts';
export { isSecret, Secret, type SecretValue } from './options/secret.ts';
export type { Placed, Report, Rule } from './options/rules.ts';
export type { Fail, Parse, Spec, TextForm } from './options/spec.ts';
export { o, type Vocabulary } from './options/vocabulary.ts';
export { findWeakness } from './options/weak-secret.ts';
