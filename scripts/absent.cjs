/** In place of a package that is named in another one and never used by us. */
module.exports = () => () => {}
