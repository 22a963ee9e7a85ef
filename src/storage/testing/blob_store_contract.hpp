#pragma once

#include "storage/blob_store.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

namespace berth::storage {

/// One place for blobs, empty at first, that a driver's test provides; gone with the object.
class BlobPlace {
public:
    virtual ~BlobPlace() = default;
    /// A new store on what is there, as another process would open it.
    virtual Result<std::unique_ptr<BlobStore>> open() = 0;
};

/// A driver under test.
struct BlobDriver {
    std::string name;
    std::function<std::unique_ptr<BlobPlace>()> make_place;
};
inline std::ostream& operator<<(std::ostream& out, const BlobDriver& driver) { return out << driver.name; }

/// What every blob store must do, as tests (`blob_store_contract.cpp`). A driver's own test says
/// `INSTANTIATE_TEST_SUITE_P(<Driver>, BlobStoreContract, testing::Values(BlobDriver{…}))`.
class BlobStoreContract : public testing::TestWithParam<BlobDriver> {
protected:
    BlobStoreContract();

    BlobStore& store() { return *store_; }
    /// Goes on with a new store object, as after the process died.
    void reopen();
    /// Opens an upload; fails the test if it cannot.
    std::unique_ptr<UploadWriter> writer(const UploadId& id, bool create = true);

private:
    std::unique_ptr<BlobPlace> place_;
    std::unique_ptr<BlobStore> store_;
};

/// Bytes that differ everywhere, the same for the same size.
std::string patterned(std::size_t size);
/// All bytes of an object, or a message that says what failed.
std::string content_of(BlobStore& store, const StorageKey& key);

} // namespace berth::storage
