// Sets a cookie that lives for as many seconds as the query says.
exports.handler = (context, event, callback) => {
  const response = new Twilio.Response();
  response.setCookie('remember', 'abc', [`Max-Age=${event.seconds}`, 'HttpOnly', 'Secure']);
  response.setCookie('theme', 'dark', ['Max-Age=60', 'HttpOnly', 'Secure']);
  response.setBody('See you soon');
  callback(null, response);
};
