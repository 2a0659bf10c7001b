// Answers with content of the size, and after the milliseconds, that the query says.
exports.handler = (context, event, callback) => {
  const response = new Twilio.Response();
  response.appendHeader('Content-Type', 'text/plain');
  response.setBody('x'.repeat(Number(event.bytes || 1)));
  setTimeout(() => callback(null, response), Number(event.wait || 0));
};
