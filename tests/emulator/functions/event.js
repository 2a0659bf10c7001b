// Answers with the parameters that the Runtime made of the request, in the order in which they came.
exports.handler = (context, event, callback) => {
  const { request, ...parameters } = event;
  callback(null, { parameters: Object.keys(parameters) });
};
