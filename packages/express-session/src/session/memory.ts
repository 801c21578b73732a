import session = require('@portcullis/session/express-session');

import MemoryStore = session.MemoryStore;

export = MemoryStore;
