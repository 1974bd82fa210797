/* The loaders, one line each, in the order in which they are asked by content. */
X(npy)
X(idx)
X(image)
X(json)
X(csv)
