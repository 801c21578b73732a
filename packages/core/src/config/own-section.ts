import type { OptionField, OptionsDefinition } from '../options/define.ts';
import type { StandardSchema } from '../types.ts';
import type { Section } from './keys.ts';
import type { Form } from './text.ts';

/** What is read of a factory or of options to know their section. */
export type Described =
  | {
      readonly definition: {
        readonly name: string;
        readonly options: StandardSchema<unknown, object>;
      };
    }
  | Pick<OptionsDefinition<object, object>, 'area' | 'fields'>;

/** The name of the section for a middleware: `auditTrail` of `audit-trail` or `AUDIT_TRAIL`. */
export function sectionName(described: Described): string {
  const name = 'definition' in described ? described.definition.name : described.area.toLowerCase();
  return name.replace(/[-_\s]+(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** The section for a middleware of the user's: its names and forms come from its options. */
export function ownSection(described: Described): Section {
  const name = sectionName(described);
  const options: object = 'definition' in described ? described.definition.options : described;
  // A schema of another library keeps its options to itself: they have no names in the environment.
  if (!describesFields(options)) return { name, area: name.toUpperCase(), forms: {} };
  const forms = Object.entries(options.fields).map(
    ([option, field]) => [option, formOf(field)] as const,
  );
  return { name, area: options.area, forms: Object.fromEntries(forms) };
}

function describesFields(
  options: object,
): options is Pick<OptionsDefinition<object, object>, 'area' | 'fields'> {
  return 'fields' in options && 'area' in options;
}

function formOf({ text, sensitive }: OptionField): Form {
  return sensitive && text === 'list' ? 'secrets' : text;
}
