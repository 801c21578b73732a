/**
 * Hosts below which anyone can get a name within minutes. Not the Public Suffix List: the ones that turn up in CORS
 * configurations, plus every name of a single label.
 */
const shared: ReadonlySet<string> = new Set([
  'a.run.app',
  'app.github.dev',
  'appspot.com',
  'azurestaticapps.net',
  'azurewebsites.net',
  'blogspot.com',
  'cloudfront.net',
  'co.in',
  'co.jp',
  'co.nz',
  'co.uk',
  'co.za',
  'codesandbox.io',
  'com.au',
  'com.br',
  'csb.app',
  'deno.dev',
  'firebaseapp.com',
  'fly.dev',
  'github.io',
  'gitlab.io',
  'gitpod.io',
  'glitch.me',
  'herokuapp.com',
  'hf.space',
  'loca.lt',
  'lovable.app',
  'netlify.app',
  'ngrok-free.app',
  'ngrok-free.dev',
  'ngrok.app',
  'ngrok.io',
  'onrender.com',
  'org.uk',
  'pages.dev',
  'repl.co',
  'replit.app',
  'replit.dev',
  'run.app',
  's3.amazonaws.com',
  'stackblitz.io',
  'streamlit.app',
  'surge.sh',
  'trycloudflare.com',
  'up.railway.app',
  'vercel.app',
  'web.app',
  'webcontainer.io',
  'workers.dev',
]);

/** Top-level names that nobody can register below: RFC 6761, and `internal`, which is reserved for private use. */
const unregistrable: ReadonlySet<string> = new Set(['internal', 'localhost', 'test']);

/** Whether a stranger can own a name directly below this host. */
export function isPublicSuffix(host: string): boolean {
  return host.includes('.') ? shared.has(host) : !unregistrable.has(host);
}
