import { randomBytes } from 'node:crypto';
import { createChat } from './chat.mjs';

// Sessions that outlive the process need a key that does.
const secretKey = process.env.SECRET_KEY ?? randomBytes(32).toString('base64url');
const { server, wss } = createChat({ secretKey });

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  const url = `http://localhost:${server.address().port}`;
  const handshake = `-m 2 -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' ${url}/chat`;
  console.log(`Portcullis chat

In the browser: ${url} (open it twice)

With curl:

# 400: not our host, for pages and for handshakes
curl -i -H 'Host: evil.example' ${url}/
curl -i -H 'Host: evil.example' ${handshake}

# 403: a page of another site opens a WebSocket
curl -i -H 'Origin: https://evil.example' ${handshake}

# 401: no session
curl -i ${handshake}

# 303 with a session cookie, then 101 with a newer one
curl -i -c cookies.txt -d name=ada ${url}/name
curl -i -b cookies.txt ${handshake}

Stop with Ctrl+C.
`);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
    for (const client of wss.clients) client.close(1001);
    // Clients that do not answer the close frame.
    setTimeout(() => process.exit(0), 1000).unref();
  });
}
