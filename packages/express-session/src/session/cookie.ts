import session = require('@portcullis/session/express-session');

import Cookie = session.Cookie;

export = Cookie;
