import session = require('@portcullis/session/express-session');

import Store = session.Store;

export = Store;
