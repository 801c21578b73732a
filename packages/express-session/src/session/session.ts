import session = require('@portcullis/session/express-session');

import Session = session.Session;

export = Session;
