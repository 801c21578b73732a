/** A page on its own origin that calls the API on another one. */
export function page(api) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Portcullis demo</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; color: #1d2733; }
  h1 { font-size: 1.6rem; }
  button { font: inherit; padding: .4rem .8rem; margin: 0 .4rem .4rem 0; border: 1px solid #8393a7; border-radius: 6px; background: #f4f7fa; cursor: pointer; }
  pre { background: #10202f; color: #d7e6f5; padding: 1rem; border-radius: 8px; min-height: 8rem; white-space: pre-wrap; overflow-wrap: anywhere; }
</style>
<h1>Portcullis demo</h1>
<p>This page is <code id="here"></code>; the API is <code>${api}</code>, another origin. Every answer below came through CORS.</p>
<p>
  <button data-path="/api/visits">Count a visit</button>
  <button data-path="/api/visits" data-method="DELETE">Forget me</button>
  <button data-path="/api/items">Fetch 500 items</button>
  <button data-path="/api/items" data-header="X-Demo">With a preflight</button>
  <button data-path="/api/items" data-header="X-Not-Allowed">With a header that is not allowed</button>
  <button data-path="/api/error">A route that fails</button>
</p>
<pre id="out">Press a button.</pre>
<script>
  const out = document.getElementById('out');
  document.getElementById('here').textContent = location.origin;
  for (const button of document.querySelectorAll('button')) {
    button.onclick = async () => {
      const { path, method = 'GET', header } = button.dataset;
      try {
        const response = await fetch('${api}' + path, { method, credentials: 'include', headers: header ? { [header]: '1' } : {} });
        const text = await response.text();
        out.textContent = method + ' ' + path + '\\n' + response.status + ' ' + response.statusText + '\\n\\n' + text.slice(0, 400);
      } catch (error) {
        out.textContent = method + ' ' + path + '\\n' + error + '\\n\\nThe browser refused to show the answer; its console says why.';
      }
    };
  }
</script>
</html>
`;
}
