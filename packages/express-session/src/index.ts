import session = require('@portcullis/session/express-session');

export = session;
