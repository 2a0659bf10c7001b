// Deletes a cookie.
exports.handler = (context, event, callback) => {
  const response = new Twilio.Response();
  response.removeCookie('sid');
  response.setBody('Bye');
  callback(null, response);
};
